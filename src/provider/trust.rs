//! Which secrets may be sent where.
//!
//! The name of a variable says whose secret it holds. A repository that names someone else's must not get it sent to
//! a host of its choice, so that takes the word of the user, given outside of the repository.

use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde::Deserialize;

use super::endpoint::Endpoint;
use crate::document;
use crate::path::RepoPath;
use crate::span::SourceFile;

/// The user's word that a variable may be sent to a host.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trust {
    /// The environment variable.
    pub variable: String,
    /// The host, with or without its port.
    pub host: String,
}

impl Trust {
    /// Reads `VARIABLE=HOST`.
    pub fn parse(text: &str) -> Option<Self> {
        let (variable, host) = text.split_once('=')?;
        let (variable, host) = (variable.trim(), host.trim());
        let is_host = !host.is_empty() && !host.contains(['/', '@', '=', ' ']);
        (!variable.is_empty() && is_host)
            .then(|| Self { variable: variable.to_owned(), host: host.to_owned() })
    }

    /// Whether it allows to send `variable` to `endpoint`.
    pub(super) fn covers(&self, variable: &str, endpoint: &Endpoint) -> bool {
        self.variable == variable
            && (self.host.eq_ignore_ascii_case(&endpoint.authority())
                || self.host.eq_ignore_ascii_case(endpoint.host()))
    }
}

/// The user's own file of what is trusted, outside of every repository.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrustFile {
    /// Variables with the hosts that they may be sent to.
    keys: IndexMap<String, Hosts>,
    /// The roots of projects whose programs may run.
    exec: Vec<PathBuf>,
    /// The roots of projects whose noted results are believed.
    notes: Vec<PathBuf>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Hosts {
    One(String),
    Several(Vec<String>),
}

impl TrustFile {
    /// Reads the file; the error says what is wrong with it.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, String> {
        let name = RepoPath::new("trust.yaml").expect("a plain name");
        let file =
            SourceFile::decode(name, bytes).map_err(|_| "it is not UTF-8 text".to_owned())?;
        let (document, findings) = document::parse(&file);
        let document = match (document, findings.first()) {
            (Some(document), None) if document.to_json().is_null() => return Ok(Self::default()),
            (Some(document), None) => document,
            (_, Some(finding)) => {
                return Err(format!("line {}: {}", finding.start().line, finding.message));
            }
            (None, None) => return Ok(Self::default()),
        };
        let file: Self =
            serde_json::from_value(document.to_json()).map_err(|error| error.to_string())?;
        for (key, roots) in [("exec", &file.exec), ("notes", &file.notes)] {
            if let Some(root) = roots.iter().find(|root| !root.is_absolute()) {
                let root = root.display();
                return Err(format!("`{key}` names `{root}`, which is no absolute path"));
            }
        }
        Ok(file)
    }

    /// The variables that may be sent, with their hosts.
    pub fn keys(&self) -> impl Iterator<Item = Trust> {
        self.keys.iter().flat_map(|(variable, hosts)| {
            let hosts = match hosts {
                Hosts::One(host) => std::slice::from_ref(host),
                Hosts::Several(hosts) => hosts,
            };
            hosts.iter().map(|host| Trust { variable: variable.clone(), host: host.clone() })
        })
    }

    /// Whether the programs of the project at `root` may run. Both it and the roots of the file may be links.
    pub fn allows_exec(&self, root: &Path) -> bool {
        names(&self.exec, root)
    }

    /// Whether the noted results of the project at `root` are believed. Links are looked through here too.
    pub fn trusts_notes(&self, root: &Path) -> bool {
        names(&self.notes, root)
    }
}

fn names(roots: &[PathBuf], root: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    let wanted = real(root);
    wanted.is_some() && roots.iter().any(|root| real(root) == wanted)
}

/// Prefixes of variables that hold the key of a vendor, and the domain of that vendor.
const VENDORS: [(&str, &str); 19] = [
    ("ANTHROPIC_", "anthropic.com"),
    ("AZURE_", "openai.azure.com"),
    ("CEREBRAS_", "cerebras.ai"),
    ("COHERE_", "cohere.com"),
    ("DASHSCOPE_", "aliyuncs.com"),
    ("DEEPSEEK_", "deepseek.com"),
    ("FIREWORKS_", "fireworks.ai"),
    ("GEMINI_", "generativelanguage.googleapis.com"),
    ("GOOGLE_", "generativelanguage.googleapis.com"),
    ("GROQ_", "groq.com"),
    ("HF_", "huggingface.co"),
    ("HUGGINGFACE_", "huggingface.co"),
    ("MISTRAL_", "mistral.ai"),
    ("NVIDIA_", "nvidia.com"),
    ("OPENAI_", "openai.com"),
    ("OPENROUTER_", "openrouter.ai"),
    ("PERPLEXITY_", "perplexity.ai"),
    ("TOGETHER_", "together.xyz"),
    ("XAI_", "x.ai"),
];

/// Prefixes of variables that hold something else than the key of a model.
const FOREIGN: [&str; 8] =
    ["AWS_", "GITHUB_", "GH_", "ACTIONS_", "CI_", "GITLAB_", "NPM_", "CARGO_"];

/// Whose secret `variable` seems to be, unless `endpoint` is its owner's.
pub(super) fn owner_elsewhere(variable: &str, endpoint: &Endpoint) -> Option<String> {
    let upper = variable.to_ascii_uppercase();
    // Below the rest of the domain stands what anybody has built there.
    if upper == "AWS_BEARER_TOKEN_BEDROCK" && is_bedrock(endpoint.host()) {
        return None;
    }
    if let Some((_, domain)) = VENDORS.iter().find(|(prefix, _)| upper.starts_with(prefix)) {
        return (!endpoint.is_within(domain)).then(|| (*domain).to_owned());
    }
    if let Some(prefix) = FOREIGN.iter().find(|prefix| upper.starts_with(*prefix)) {
        return Some(format!("`{prefix}*`"));
    }
    upper.ends_with("_TOKEN").then(|| "another service".to_owned())
}

fn is_bedrock(host: &str) -> bool {
    host.strip_prefix("bedrock-runtime.")
        .and_then(|rest| rest.strip_suffix(".amazonaws.com"))
        .is_some_and(|region| !region.is_empty() && !region.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(variable: &str, url: &str) -> Option<String> {
        owner_elsewhere(variable, &Endpoint::parse(url).unwrap())
    }

    #[test]
    fn a_vendors_key_is_for_that_vendor() {
        assert_eq!(owner("OPENAI_API_KEY", "https://api.openai.com/v1"), None);
        assert_eq!(owner("HF_TOKEN", "https://router.huggingface.co/v1"), None);
        assert_eq!(
            owner("OPENAI_API_KEY", "https://openai.com.evil.example/v1").unwrap(),
            "openai.com"
        );
        assert_eq!(owner("anthropic_api_key", "http://127.0.0.1:4000").unwrap(), "anthropic.com");
    }

    #[test]
    fn a_key_of_bedrock_is_for_bedrock() {
        let owner = |host: &str| owner("AWS_BEARER_TOKEN_BEDROCK", &format!("https://{host}"));
        assert_eq!(owner("bedrock-runtime.us-east-1.amazonaws.com"), None);
        for other in [
            "x.execute-api.us-east-1.amazonaws.com",
            "bedrock-runtime.evil.s3.amazonaws.com",
            "bedrock-runtime.us-east-1.amazonaws.com.evil.example",
        ] {
            assert!(owner(other).is_some(), "{other}");
        }
    }

    #[test]
    fn what_is_no_models_key_goes_nowhere() {
        for variable in
            ["AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "ACTIONS_X", "CI_JOB_JWT", "MY_TOKEN"]
        {
            assert!(owner(variable, "https://gw.example/v1").is_some(), "{variable}");
        }
        assert_eq!(owner("LOCAL_API_KEY", "https://gw.example/v1"), None);
    }

    #[test]
    fn reads_the_users_file() {
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            "keys: {{A_TOKEN: a.example, B_TOKEN: [b.example, \"c.example:8443\"]}}\nexec: ['{}']\n",
            folder.path().display()
        );
        let file = TrustFile::parse(text.into_bytes()).unwrap();
        let hosts: Vec<String> = file.keys().map(|trust| trust.host).collect();
        assert_eq!(hosts, ["a.example", "b.example", "c.example:8443"]);
        assert!(file.allows_exec(folder.path()));
        assert!(!file.allows_exec(&folder.path().join("..")));
        assert!(!file.allows_exec(&folder.path().join("gone")));
        assert!(!file.trusts_notes(folder.path()), "each is trusted by itself");
        let text = format!("notes: ['{}']\n", folder.path().display());
        let file = TrustFile::parse(text.into_bytes()).unwrap();
        assert!(file.trusts_notes(folder.path()) && !file.allows_exec(folder.path()));
    }

    #[test]
    fn a_wrong_file_trusts_nothing() {
        assert!(TrustFile::parse(b"exec: [project]".to_vec()).unwrap_err().contains("absolute"));
        assert!(TrustFile::parse(b"notes: [.]".to_vec()).unwrap_err().contains("`notes` names"));
        assert!(TrustFile::parse(b"exce: []".to_vec()).unwrap_err().contains("exce"));
        assert!(TrustFile::parse(b"keys: {".to_vec()).unwrap_err().starts_with("line "));
        assert!(!TrustFile::parse(Vec::new()).unwrap().allows_exec(Path::new("/")));
    }

    #[test]
    fn reads_a_users_word() {
        assert_eq!(
            Trust::parse("MY_TOKEN=gw.example:8443"),
            Some(Trust { variable: "MY_TOKEN".into(), host: "gw.example:8443".into() })
        );
        for text in ["MY_TOKEN", "=host", "X=", "X=https://host/v1"] {
            assert_eq!(Trust::parse(text), None, "{text}");
        }
    }
}
