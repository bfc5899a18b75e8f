//! What YAML means, what is refused, and that any input is answered.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use serde::Deserialize;

use super::*;

fn node(text: &str, dialect: Dialect) -> Result<Option<Node>, Problem> {
    parse(text, &Arc::from(Path::new("f.yaml")), 1, dialect)
}

fn read<T: serde::de::DeserializeOwned>(text: &str, dialect: Dialect) -> Result<(T, Vec<String>), String> {
    let mut problems = Vec::new();
    let read = from_str(Path::new("f.yaml"), text, dialect, &mut problems).map_err(|problem| problem.to_string())?;
    Ok((read.unwrap(), problems.iter().map(Problem::to_string).collect()))
}

fn value_of(text: &str, dialect: Dialect) -> serde_json::Value {
    read(text, dialect).unwrap().0
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Sample {
    text: String,
    flag: bool,
    small: i32,
    maybe: Option<i64>,
    items: Vec<String>,
    by_name: BTreeMap<String, String>,
    inner: Option<Box<Sample>>,
}

#[test]
fn plain_scalars_mean_what_the_incumbent_takes_them_for() {
    let json = |text: &str| go_json(&value_of(text, Dialect::Resource));
    for (text, expected) in [
        ("yes", "true"),
        ("Off", "false"),
        ("y", "true"),
        ("'yes'", "\"yes\""),
        ("~", "null"),
        ("0777", "511"),
        ("0x1F", "31"),
        ("0b11", "3"),
        ("1_000", "1000"),
        ("-7", "-7"),
        ("18446744073709551615", "18446744073709551615"),
        ("1.0", "1"),
        ("1.50", "1.5"),
        ("1e3", "1000"),
        ("1e21", "1e+21"),
        ("1e-7", "1e-7"),
        ("08", "8"),
        ("127.0.0.1", "\"127.0.0.1\""),
        ("2020-01-01", "\"2020-01-01\""),
        ("1e999", "\"1e999\""),
        ("{b: 1, a: [x, on]}", r#"{"a":["x",true],"b":1}"#),
        ("!!str 5", "\"5\""),
        ("!!int '5'", "5"),
        ("!mine 5", "\"5\""),
        ("!!binary aGk=", "\"hi\""),
        ("a: |\n  x\n  y", r#"{"a":"x\ny"}"#),
        ("a: |\n  x\n", r#"{"a":"x\n"}"#),
        ("a: {b:c, on: 1}", r#"{"a":{"b:c":null,"on":1}}"#),
    ] {
        assert_eq!(json(text), expected, "{text}");
    }
    assert_eq!(value_of("yes", Dialect::Configuration), "yes");
    assert_eq!(value_of("0o17", Dialect::Configuration), 15);
    assert_eq!(
        read::<serde_json::Value>(".nan", Dialect::Resource).unwrap_err(),
        "f.yaml:1:1: expected a finite number, found `.nan`"
    );
}

#[test]
fn a_text_field_takes_numbers_and_words() {
    let text = |written: &str, dialect| read::<Sample>(&format!("text: {written}"), dialect).unwrap().0.text;
    for (written, resource, configuration) in [
        ("1.0", "1", "1.0"),
        ("1.1", "1.1", "1.1"),
        ("1234567.5", "1.2345675e+06", "1234567.5"),
        ("0.00001", "1e-05", "0.00001"),
        ("yes", "true", "yes"),
        ("True", "true", "True"),
        ("0777", "511", "0777"),
        ("null", "", ""),
        ("'null'", "null", "null"),
    ] {
        assert_eq!(text(written, Dialect::Resource), resource, "{written}");
        assert_eq!(text(written, Dialect::Configuration), configuration, "{written}");
    }
}

#[test]
fn wrong_types_name_place_and_expectation() {
    let error = |text: &str| read::<Sample>(text, Dialect::Resource).unwrap_err();
    assert_eq!(error("flag: maybe"), "f.yaml:1:7: flag: expected true or false, found `maybe`");
    assert_eq!(
        error("flag: 'true'"),
        "f.yaml:1:7: flag: expected true or false without quotes, found the text \"true\""
    );
    assert_eq!(error("text: x\nsmall: 1.5"), "f.yaml:2:8: small: expected a whole number, found `1.5`");
    assert_eq!(
        error("small: 99999999999"),
        "f.yaml:1:8: small: expected a whole number from -2147483648 to 2147483647, found `99999999999`"
    );
    assert_eq!(error("items: [a, {b: c}]"), "f.yaml:1:12: items[1]: expected a text, found a mapping");
    assert_eq!(error("items: a"), "f.yaml:1:8: items: expected a list, found `a`");
    assert_eq!(error("byName: {x: [1]}"), "f.yaml:1:13: byName.x: expected a text, found a list");
    assert_eq!(
        error("inner:\n  inner: 3"),
        "f.yaml:2:10: inner.inner: expected a mapping with `text`, `flag`, `small`, `maybe`, …, found `3`"
    );
    assert_eq!(
        error("text: [\"0123456789012345678901234567890123456789\"]\nflag: 0123456789012345678901234567890123456789x"),
        "f.yaml:1:7: text: expected a text, found a list"
    );
}

#[test]
fn unknown_fields_are_warnings_with_a_suggestion() {
    let (sample, warnings) = read::<Sample>("text: a\nitmes: [b]\nwhatever: 1", Dialect::Resource).unwrap();
    assert_eq!(sample.text, "a");
    assert_eq!(
        warnings,
        [
            "f.yaml:2:1: itmes: no such field; it has no effect; did you mean `items`?",
            "f.yaml:3:1: whatever: no such field; it has no effect",
        ]
    );
}

#[test]
fn field_names_match_in_any_case_in_resources_only() {
    let (sample, warnings) = read::<Sample>("TEXT: a\nbyname: {k: v}", Dialect::Resource).unwrap();
    assert_eq!((sample.text.as_str(), sample.by_name["k"].as_str(), warnings.len()), ("a", "v", 0));
    let (sample, warnings) = read::<Sample>("TEXT: a", Dialect::Configuration).unwrap();
    assert_eq!((sample.text.as_str(), warnings.len()), ("", 1));
    // The exact name wins over the folded one.
    assert_eq!(read::<Sample>("text: a\nTEXT: b", Dialect::Resource).unwrap().0.text, "a");
}

#[test]
fn equal_keys() {
    let (sample, warnings) = read::<Sample>("text: a\ntext: b", Dialect::Resource).unwrap();
    assert_eq!(sample.text, "b");
    assert_eq!(warnings, ["f.yaml:2:1: text: the key `text` is given more than once; the last one counts"]);
    assert_eq!(
        read::<Sample>("text: a\ntext: b", Dialect::Configuration).unwrap_err(),
        "f.yaml:2:1: text: the key `text` is already given in line 1"
    );
}

#[test]
fn null_keeps_the_default() {
    let (sample, _) =
        read::<Sample>("text:\nflag: ~\nmaybe: null\nitems: [a, ~]\nbyName: {x: }", Dialect::Resource).unwrap();
    let by_name = BTreeMap::from([("x".to_owned(), String::new())]);
    assert_eq!(sample, Sample { items: vec!["a".into(), String::new()], by_name, ..Sample::default() });
}

#[test]
fn aliases_and_merge_keys() {
    let text = "a: &a {x: 1, y: 2}\nb: &b {z: 3}\nc: {<<: [*a, *b], y: 9}\nd: *a";
    assert_eq!(
        go_json(&value_of(text, Dialect::Resource)),
        r#"{"a":{"x":1,"y":2},"b":{"z":3},"c":{"x":1,"y":9,"z":3},"d":{"x":1,"y":2}}"#
    );
    assert!(node("a: {<<: 3}", Dialect::Resource).unwrap_err().to_string().contains("to merge"));
}

#[test]
fn bounds_hold() {
    let bomb = (1..9).fold("a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, level| {
        let before = level - 1;
        format!("{text}a{level}: &a{level} [{}]\n", vec![format!("*a{before}"); 9].join(", "))
    });
    let error = node(&bomb, Dialect::Resource).unwrap_err();
    assert!(error.message.contains("more than 200000 values"), "{error}");
    let error = node("a: &a [*a]", Dialect::Resource).unwrap_err();
    assert!(error.message.contains("contains it"), "{error}");
    for (open, close) in [("[", "]"), ("{a: ", "}")] {
        let deep = format!("{}1{}", open.repeat(150), close.repeat(150));
        let error = node(&deep, Dialect::Resource).unwrap_err();
        assert!(error.message.contains("deeper than 100"), "{error}");
        let fits = format!("{}1{}", open.repeat(90), close.repeat(90));
        assert!(node(&fits, Dialect::Resource).is_ok());
    }
    let deep = "- ".repeat(100_000);
    assert!(node(&deep, Dialect::Resource).is_err());
    assert!(decode(vec![b'a'; 5 << 20]).unwrap_err().to_string().contains("larger than 4 MiB"));
    assert_eq!(decode(b"a\nb\xff".to_vec()).unwrap_err().to_string(), "line 2 is not UTF-8");
    assert_eq!(decode("\u{feff}a".into()).unwrap(), "a");
}

#[test]
fn syntax_errors_have_a_place() {
    let error = node("a: 1\nb: [1, 2\nc: 3\n", Dialect::Resource).unwrap_err();
    assert_eq!(error.position.as_ref().map(|p| p.line), Some(3), "{error}");
    assert!(error.to_string().contains("this is not YAML: "), "{error}");
    assert!(node("? [a]\n: b", Dialect::Resource).unwrap_err().message.contains("a key must be a text"));
}

#[test]
fn quoted_texts_may_go_on_at_the_left_edge() {
    let text = "spec:\n  items:\n  - text: '{\n\"a\": \"b\"\n}'\n    flag: on\n";
    assert_eq!(
        go_json(&value_of(text, Dialect::Resource)["spec"]["items"][0]),
        r#"{"flag":true,"text":"{ \"a\": \"b\" }"}"#
    );
    let long = format!("a: \"\n{}\"\nb: [", "x\n".repeat(100));
    assert_eq!(node(&long, Dialect::Resource).unwrap_err().position.unwrap().line, 103);
}

#[test]
fn documents_are_split_by_lines() {
    let text = "---\na: 1\n--- # two\nb: 2\n---\n\n---\r\nc: 3\n---";
    let found: Vec<_> = documents(text).into_iter().map(|d| (d.first_line, d.text.trim())).collect();
    assert_eq!(found, [(1, "---\na: 1"), (4, "b: 2"), (6, ""), (8, "c: 3"), (9, "")]);
    assert_eq!(node("# nothing\n", Dialect::Resource).unwrap().map(|n| n.position()), None);
}

#[test]
fn overlays_join_mappings_and_replace_the_rest() {
    let lay = |base: &str, over: &str| {
        let base = node(base, Dialect::Configuration).unwrap().unwrap();
        let over = node(over, Dialect::Configuration).unwrap().unwrap();
        let joined = overlay(base, over, &["w"]);
        go_json(&from_node::<serde_json::Value>(&joined, Dialect::Configuration, &mut Vec::new()).unwrap())
    };
    assert_eq!(
        lay("a: {x: 1, y: [1, 2]}\nb: 1\nc: 7\nw: {p: 1}", "a: {y: [3], z: 2}\nb: null\nd: {}\nw: {q: 2}"),
        r#"{"a":{"x":1,"y":[3],"z":2},"b":1,"c":7,"d":{},"w":{"q":2}}"#
    );
    assert_eq!(lay("a: {x: 1}", "a: null"), r#"{"a":null}"#);
}

const VALID: &str = "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: s}\nspec:\n  type: state.redis\n  version: v1\n  metadata:\n  - name: &n redisHost\n    value: \"a:1\"\n  - {name: *n, value: {<<: {a: 1}, b: [yes, 0x1f, 1.5]}}\n---\napiVersion: dapr.io/v1alpha1\nkind: Configuration\nspec:\n  tracing: {otel: {headers: ['a=b']}}\n  features: [{name: HotReload, enabled: off}]\n";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        crate::load::fuzz(&bytes);
    }

    #[test]
    fn any_yaml_like_text_is_answered(text in "[-a-c:{}\\[\\]&*<!|>'\"#%@ \n\t0-9.~,?]{0,200}") {
        crate::load::fuzz(text.as_bytes());
    }

    #[test]
    fn any_damage_is_answered(cuts in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..4), 1..12)) {
        let mut bytes = VALID.as_bytes().to_vec();
        for (index, byte, how) in cuts {
            let at = index.index(bytes.len().max(1)).min(bytes.len().saturating_sub(1));
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 if bytes.len() > 1 => { bytes.remove(at); }
                _ => bytes.extend_from_within(at..(at + 40).min(bytes.len())),
            }
        }
        crate::load::fuzz(&bytes);
    }
}

/// Files that are made to take long, at full size: each must be answered in seconds, unoptimised.
#[test]
fn hostile_files_are_answered_in_time() {
    let size = 4 << 20;
    let fill = |unit: &str| unit.repeat(size / unit.len());
    for text in [
        fill("["),
        fill("- "),
        fill("\n---\n["),
        fill("a: 'x\n"),
        fill("'x\n"),
        fill("a: &a *a\n"),
        fill("? "),
        fill("!"),
        fill("# c\n"),
        fill("\""),
        fill(" "),
        fill("x "),
        fill("a: |\n"),
        format!(
            "kind: Component\napiVersion: dapr.io/v1alpha1\nspec:\n{}",
            (0..200_000).map(|n| format!("  k{n}: 1\n")).collect::<String>()
        ),
        format!("a: &a [{}]\nb: [{}]", fill("x,").split_at(200_000).0, fill("*a,").split_at(900_000).0),
    ] {
        let start = std::time::Instant::now();
        crate::load::fuzz(text.as_bytes());
        let took = start.elapsed();
        assert!(took.as_secs() < 20, "{took:?} for {:?}…", &text[..20]);
    }
}
