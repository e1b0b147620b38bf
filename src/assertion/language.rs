//! The language that the answer is written in.

use std::sync::LazyLock;

use serde_json::Value;
use whatlang::{Detector, Lang};

use super::spec::{Family, Spec, Threshold, ValueRule};
use super::syntax::Fields;
use super::template::Operand;
use super::{Kind, Problem, Subject, Verdict, excerpt, text};
use crate::diagnostic::closest;

pub(super) const LANGUAGE: Spec = Spec {
    name: "language",
    family: Family::Property,
    passes: "most of the answer is written in the language, or in one of them; told by letters and their triples (the crate whatlang, 70 languages) from the first 100,000 bytes. Unscored without letters, and where several languages come into question: below 20 letters (10 of Han), or where the second best is too near (a confidence below 0.25). A script that the language does not use decides at once. Afrikaans, Akan, Azerbaijani, Catalan, Esperanto, Javanese, Latin, Shona, Tagalog, Turkmen, Uzbek, Welsh, Yiddish and Zulu are considered only where they are named",
    value: ValueRule::Required(
        "a code of ISO 639-1 or 639-3, such as `de` or `deu` (`pt-BR` counts as `pt`), or a list of them",
    ),
    parameters: &[],
    raw: Some("how sure the language is, from 0 to 1"),
    score: "1 or 0",
    threshold: Threshold::None,
    compile: language,
};

/// A look at the language of the answer.
#[derive(Clone, Debug)]
pub struct Language(Operand<Languages>);

/// The languages that will do, and what tells them from others.
#[derive(Clone, Debug)]
pub(super) struct Languages {
    wanted: Vec<Lang>,
    detector: Detector,
}

/// The fewest letters that tell languages of one script apart.
const FEWEST_LETTERS: usize = 20;

/// The fewest Han characters that tell Chinese from Japanese, which would have kana among them.
const FEWEST_HAN: usize = 10;

/// Below it the second best language is too near: sentences of ten words that were told wrongly had less than 0.2, those told
/// rightly more than 0.3.
const LEAST_CONFIDENCE: f64 = 0.25;

/// As many bytes tell a language as well as more would.
const ENOUGH: usize = 100_000;

fn language(fields: &mut Fields<'_>) -> Option<Kind> {
    fields.operand("value", prepare).map(|operand| Kind::Language(Language(operand)))
}

/// A code or a list of codes.
pub(super) fn prepare(value: &Value) -> Result<Languages, Problem> {
    let codes = text::one_or_more(value)?;
    let mut languages = Vec::new();
    for (index, code) in codes.iter().enumerate() {
        languages.push(by_code(code).map_err(|problem| match value {
            Value::Array(_) => problem.under(&index.to_string()),
            _ => problem,
        })?);
    }
    let detector = detector(&languages);
    Ok(Languages { wanted: languages, detector })
}

/// What was found of a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    language: Lang,
    pub(super) confidence: f64,
}

/// Few answers are in these, and short sentences of other languages look like them.
const RARE: [Lang; 14] = [
    Lang::Afr,
    Lang::Aka,
    Lang::Aze,
    Lang::Cat,
    Lang::Cym,
    Lang::Epo,
    Lang::Jav,
    Lang::Lat,
    Lang::Sna,
    Lang::Tgl,
    Lang::Tuk,
    Lang::Uzb,
    Lang::Yid,
    Lang::Zul,
];

fn detector(wanted: &[Lang]) -> Detector {
    Detector::with_denylist(RARE.into_iter().filter(|rare| !wanted.contains(rare)).collect())
}

static COMMON: LazyLock<Detector> = LazyLock::new(|| detector(&[]));

/// The language of a text, or why it cannot be told.
pub(super) fn detect(text: &str) -> Result<Found, String> {
    detect_by(&COMMON, text)
}

fn detect_by(detector: &Detector, text: &str) -> Result<Found, String> {
    let text = beginning(text);
    let letters = text.chars().filter(|character| character.is_alphabetic()).count();
    let Some(info) = detector.detect(text).filter(|_| letters > 0) else {
        return Err("the answer has no letters that tell a language".to_owned());
    };
    let (script, language, confidence) = (info.script(), info.lang(), info.confidence());
    let needed = match script {
        whatlang::Script::Mandarin => FEWEST_HAN,
        script if script.langs().len() > 1 => FEWEST_LETTERS,
        _ => 0,
    };
    if letters < needed {
        return Err(format!("too short to tell the language: {letters} letters of {needed}"));
    }
    if confidence < LEAST_CONFIDENCE {
        return Err(format!(
            "the language cannot be told: `{}` is only the likeliest, with a confidence of {confidence:.2}",
            short(language)
        ));
    }
    Ok(Found { language, confidence })
}

impl Languages {
    /// Whether a text is in one of them, or why that cannot be told.
    pub(super) fn judge(&self, text: &str) -> Result<Verdict, String> {
        if let Some(script) = self.foreign_script(text) {
            let reason = format!("written in {script}, expected {}", self.shown());
            return Ok(Verdict::decided(false, reason).raw(1.0));
        }
        let Found { language, confidence } = detect_by(&self.detector, text)?;
        let right = self.wanted.contains(&language);
        let mut reason = format!("is `{}` with a confidence of {confidence:.2}", short(language));
        if !right {
            reason = format!("{reason}, expected {}", self.shown());
        }
        Ok(Verdict::decided(right, reason).raw(confidence))
    }

    fn shown(&self) -> String {
        let codes: Vec<String> =
            self.wanted.iter().map(|lang| format!("`{}`", short(*lang))).collect();
        codes.join(" or ")
    }

    /// The script of a text that none of the languages is written in, so that its length does not matter.
    fn foreign_script(&self, text: &str) -> Option<whatlang::Script> {
        let script = whatlang::detect_script(beginning(text))?;
        // Japanese has several scripts, of which one alone does not stand for it in the tables.
        let japanese = self.wanted.contains(&Lang::Jpn)
            && matches!(
                script,
                whatlang::Script::Mandarin
                    | whatlang::Script::Hiragana
                    | whatlang::Script::Katakana
            );
        let known = self.wanted.iter().any(|language| script.langs().contains(language));
        (!known && !japanese && !self.may_be_transcribed(script)).then_some(script)
    }

    /// Languages that are written in a second script, which the tables do not know.
    fn may_be_transcribed(&self, script: whatlang::Script) -> bool {
        use whatlang::Script::{Arabic, Cyrillic, Latin};
        self.wanted.iter().any(|language| {
            matches!(
                (language, script),
                (Lang::Srp | Lang::Mkd | Lang::Bel, Latin)
                    | (Lang::Aze | Lang::Uzb | Lang::Tuk, Cyrillic | Arabic | Latin)
                    | (Lang::Pan | Lang::Ind | Lang::Jav, Arabic)
            )
        })
    }
}

impl Language {
    pub(super) fn score(&self, subject: &Subject<'_>) -> Result<Verdict, String> {
        let languages = self.0.resolve(subject)?;
        Ok(languages.judge(subject.output)?.value(languages.into_value()))
    }
}

fn beginning(text: &str) -> &str {
    &text[..text.floor_char_boundary(ENOUGH)]
}

fn by_code(code: &str) -> Result<Lang, Problem> {
    let lower = code.trim().to_lowercase();
    let primary = lower.split(['-', '_']).next().unwrap_or_default();
    let known = |code: &str| CODES.iter().find(|(_, _, codes)| codes.contains(&code));
    if let Some((lang, ..)) = known(primary) {
        return Ok(*lang);
    }
    let problem = Problem::new(format!("{} is no language that can be told", excerpt::quote(code)));
    let named = CODES.iter().find(|(lang, ..)| {
        let name = lang.eng_name().to_lowercase();
        name == lower || lang.name().to_lowercase() == lower
    });
    let codes = || CODES.iter().map(|(_, short, _)| *short);
    Err(match named.map(|(_, short, _)| *short).or_else(|| closest(&lower, codes())) {
        Some(best) => problem.help(format!("did you mean `{best}`?")),
        None => problem,
    }
    .help(format!("the languages are {}", codes().collect::<Vec<_>>().join(", "))))
}

fn short(language: Lang) -> &'static str {
    CODES
        .iter()
        .find(|(lang, ..)| *lang == language)
        .map_or_else(|| language.code(), |(_, short, _)| *short)
}

/// Each language with the code that it is shown by, and all codes that mean it: those of ISO 639-1, 639-2 and 639-3,
/// macrolanguages and their usual form included.
const CODES: [(Lang, &str, &[&str]); 70] = [
    (Lang::Afr, "af", &["af", "afr"]),
    (Lang::Aka, "ak", &["ak", "aka", "tw", "twi", "fat"]),
    (Lang::Amh, "am", &["am", "amh"]),
    (Lang::Ara, "ar", &["ar", "ara", "arb"]),
    (Lang::Aze, "az", &["az", "aze", "azj"]),
    (Lang::Bel, "be", &["be", "bel"]),
    (Lang::Bul, "bg", &["bg", "bul"]),
    (Lang::Ben, "bn", &["bn", "ben"]),
    (Lang::Cat, "ca", &["ca", "cat"]),
    (Lang::Ces, "cs", &["cs", "ces", "cze"]),
    (Lang::Cym, "cy", &["cy", "cym", "wel"]),
    (Lang::Dan, "da", &["da", "dan"]),
    (Lang::Deu, "de", &["de", "deu", "ger"]),
    (Lang::Ell, "el", &["el", "ell", "gre"]),
    (Lang::Eng, "en", &["en", "eng"]),
    (Lang::Epo, "eo", &["eo", "epo"]),
    (Lang::Spa, "es", &["es", "spa"]),
    (Lang::Est, "et", &["et", "est", "ekk"]),
    (Lang::Pes, "fa", &["fa", "fas", "per", "pes"]),
    (Lang::Fin, "fi", &["fi", "fin"]),
    (Lang::Fra, "fr", &["fr", "fra", "fre"]),
    (Lang::Guj, "gu", &["gu", "guj"]),
    (Lang::Heb, "he", &["he", "heb", "iw"]),
    (Lang::Hin, "hi", &["hi", "hin"]),
    (Lang::Hrv, "hr", &["hr", "hrv"]),
    (Lang::Hun, "hu", &["hu", "hun"]),
    (Lang::Hye, "hy", &["hy", "hye", "arm"]),
    (Lang::Ind, "id", &["id", "ind"]),
    (Lang::Ita, "it", &["it", "ita"]),
    (Lang::Jpn, "ja", &["ja", "jpn"]),
    (Lang::Jav, "jv", &["jv", "jav"]),
    (Lang::Kat, "ka", &["ka", "kat", "geo"]),
    (Lang::Khm, "km", &["km", "khm"]),
    (Lang::Kan, "kn", &["kn", "kan"]),
    (Lang::Kor, "ko", &["ko", "kor"]),
    (Lang::Lat, "la", &["la", "lat"]),
    (Lang::Lit, "lt", &["lt", "lit"]),
    (Lang::Lav, "lv", &["lv", "lav", "lvs"]),
    (Lang::Mkd, "mk", &["mk", "mkd", "mac"]),
    (Lang::Mal, "ml", &["ml", "mal"]),
    (Lang::Mar, "mr", &["mr", "mar"]),
    (Lang::Mya, "my", &["my", "mya", "bur"]),
    (Lang::Nob, "nb", &["nb", "nob", "no", "nor"]),
    (Lang::Nep, "ne", &["ne", "nep", "npi"]),
    (Lang::Nld, "nl", &["nl", "nld", "dut"]),
    (Lang::Ori, "or", &["or", "ori", "ory"]),
    (Lang::Pan, "pa", &["pa", "pan"]),
    (Lang::Pol, "pl", &["pl", "pol"]),
    (Lang::Por, "pt", &["pt", "por"]),
    (Lang::Ron, "ro", &["ro", "ron", "rum"]),
    (Lang::Rus, "ru", &["ru", "rus"]),
    (Lang::Sin, "si", &["si", "sin"]),
    (Lang::Slk, "sk", &["sk", "slk", "slo"]),
    (Lang::Slv, "sl", &["sl", "slv"]),
    (Lang::Sna, "sn", &["sn", "sna"]),
    (Lang::Srp, "sr", &["sr", "srp"]),
    (Lang::Swe, "sv", &["sv", "swe"]),
    (Lang::Tam, "ta", &["ta", "tam"]),
    (Lang::Tel, "te", &["te", "tel"]),
    (Lang::Tha, "th", &["th", "tha"]),
    (Lang::Tuk, "tk", &["tk", "tuk"]),
    (Lang::Tgl, "tl", &["tl", "tgl", "fil"]),
    (Lang::Tur, "tr", &["tr", "tur"]),
    (Lang::Ukr, "uk", &["uk", "ukr"]),
    (Lang::Urd, "ur", &["ur", "urd"]),
    (Lang::Uzb, "uz", &["uz", "uzb", "uzn"]),
    (Lang::Vie, "vi", &["vi", "vie"]),
    (Lang::Yid, "yi", &["yi", "yid", "ydd"]),
    (Lang::Cmn, "zh", &["zh", "zho", "chi", "cmn"]),
    (Lang::Zul, "zu", &["zu", "zul"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_that_is_told_has_its_codes_once() {
        for language in Lang::all() {
            assert_eq!(CODES.iter().filter(|(lang, ..)| lang == language).count(), 1, "{language}");
            assert_eq!(by_code(language.code()).ok(), Some(*language));
        }
        let mut codes: Vec<&str> =
            CODES.iter().flat_map(|(.., codes)| codes.iter().copied()).collect();
        let all = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), all);
        assert!(CODES.iter().all(|(_, short, codes)| codes[0] == *short));
    }

    #[test]
    fn sentences_are_told() {
        for (code, sentence) in [
            ("en", "Your parcel left our warehouse this morning and should arrive on Friday."),
            ("en", "Where is my order number?"),
            ("en", "Please restart the router and try again."),
            ("en", "The capital of France is Paris."),
            ("en", "The refund was issued on Monday."),
            ("de", "Die Hauptstadt von Frankreich ist Paris."),
            ("de", "Bitte starten Sie das Gerät neu."),
            ("fr", "La capitale de la France est Paris."),
            ("es", "La capital de Francia es París."),
            ("ru", "Столица Франции — Париж, большой город."),
            ("da", "Din pakke forlod vores lager i morges og ankommer på fredag."),
            ("sv", "Ditt paket lämnade vårt lager i morse och anländer på fredag."),
            ("en", "I will send the refund to your card within five days."),
            ("de", "Ihr Paket hat unser Lager heute Morgen verlassen und kommt am Freitag an."),
            ("fr", "Votre colis a quitté notre entrepôt ce matin et arrivera vendredi."),
            ("es", "Su paquete salió de nuestro almacén esta mañana y llegará el viernes."),
            ("it", "Il suo pacco ha lasciato il nostro magazzino stamattina e arriverà venerdì."),
            (
                "pt-BR",
                "O seu pacote saiu do nosso armazém esta manhã e deve chegar na sexta-feira.",
            ),
            ("nl", "Uw pakket heeft ons magazijn vanochtend verlaten en komt vrijdag aan."),
            ("pl", "Paczka opuściła nasz magazyn dziś rano i powinna dotrzeć w piątek."),
            ("ru", "Ваша посылка покинула наш склад сегодня утром и прибудет в пятницу."),
            ("uk", "Ваша посилка залишила наш склад сьогодні вранці й прибуде у п'ятницю."),
            ("tr", "Paketiniz bu sabah depomuzdan ayrıldı ve cuma günü ulaşması bekleniyor."),
            ("ar", "غادرت شحنتك مستودعنا هذا الصباح ومن المتوقع أن تصل يوم الجمعة."),
            ("he", "החבילה שלך יצאה מהמחסן שלנו הבוקר ותגיע ביום שישי."),
            ("hi", "आपका पार्सल आज सुबह हमारे गोदाम से निकल गया और शुक्रवार को पहुँचेगा।"),
            ("zh-Hans", "您的包裹今天早上已离开我们的仓库,预计周五送达。"),
            ("ja", "お荷物は今朝倉庫を出発し、金曜日に到着する予定です。"),
            ("ko", "고객님의 소포는 오늘 아침 창고를 떠났으며 금요일에 도착할 예정입니다."),
            ("th", "พัสดุของคุณออกจากคลังสินค้าเมื่อเช้านี้"),
            ("el", "Το δέμα σας έφυγε σήμερα το πρωί."),
        ] {
            let found = detect(sentence).unwrap_or_else(|reason| panic!("{code}: {reason}"));
            assert_eq!(short(found.language), short(by_code(code).unwrap()), "{sentence}");
        }
    }

    #[test]
    fn near_relatives_of_a_language_are_not_mistaken_for_it() {
        for sentence in [
            "Pakken din forlot lageret vårt i morges og kommer på fredag.",
            "Vaše zásilka dnes ráno opustila náš sklad a dorazí v pátek.",
            "Пожалуйста, перезагрузите роутер и попробуйте снова.",
        ] {
            let reason = detect(sentence).unwrap_err();
            assert!(reason.starts_with("the language cannot be told: "), "{reason}");
        }
    }

    #[test]
    fn rare_languages_are_considered_where_they_are_named() {
        let sentence =
            "Ĉu vi ne volas eklerni Esperanton? Bonvolu! Estas unu de la plej bonaj aferoj!";
        let judged = |code: &str| {
            prepare(&Value::from(code)).unwrap().judge(sentence).map(|verdict| verdict.passed)
        };
        assert_eq!(judged("eo"), Ok(true));
        assert_ne!(judged("en"), Ok(true));
    }
}
