//! One line a finding, as compilers print them: `path:line:column: CODE[*] severity message`.

use std::io::{self, Write};

use super::{Report, is_safely_fixable};
use crate::report::foreign::line;

/// Writes a line for each finding.
pub fn write(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    for finding in report.findings {
        let path = finding.file.path().as_str();
        // A CI takes a line that begins with `::`, after blanks, for a command.
        let here = if path.starts_with([':', ' ']) { "./" } else { "" };
        writeln!(
            out,
            "{here}{}:{}: {}{} {} {}",
            line(path),
            finding.start(),
            finding.code,
            if is_safely_fixable(finding) { "[*]" } else { "" },
            finding.severity.as_str(),
            line(&finding.message)
        )?;
    }
    Ok(())
}
