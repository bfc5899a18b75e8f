//! Run files: paths, defaults of `common`, and what is refused.

use proptest::prelude::*;

use super::*;
use crate::run::settings::RestartPolicy;

/// A folder with apps `web` and `back`, a common resources folder, and an unused home.
fn folder() -> (tempfile::TempDir, Home) {
    let base = tempfile::tempdir().unwrap();
    for name in ["web", "back/.dapr/resources", "shared", "own"] {
        std::fs::create_dir_all(base.path().join(name)).unwrap();
    }
    std::fs::write(base.path().join("back/.dapr/config.yaml"), "").unwrap();
    std::fs::write(base.path().join("common.yaml"), "").unwrap();
    let home = Home::under(&base.path().join("nowhere")).unwrap();
    (base, home)
}

const TEXT: &str = r#"
version: 1
name: shop
common:
  resourcesPath: ./shared
  configFilePath: common.yaml
  enableApiLogging: true
  logLevel: debug
  env: {A: common, PORT: 80, ON: true, HALF: 1.50, NONE: }
apps:
- appDirPath: web
  appID: w
  appPort: 8080
  enableApiLogging: false
  daprHTTPPort: 3600
  env: {A: own}
  command: ["node", "app.js"]
  daprdLogDestination: console
- appDirPath: ./web/../back/
  placementHostAddress: ""
"#;

#[test]
fn common_fills_what_apps_leave_out() {
    let (base, home) = folder();
    let file = parse(TEXT, "dapr.yaml", base.path(), &home).unwrap();
    let [web, back] = file.apps.as_slice() else { panic!("two apps") };
    assert_eq!((file.name.as_str(), file.doubts.len()), ("shop", 0));
    assert_eq!((web.settings.app_id.as_str(), back.settings.app_id.as_str()), ("w", "back"));
    assert_eq!((web.settings.enable_api_logging, back.settings.enable_api_logging), (false, true));
    assert_eq!((web.settings.log_level.as_str(), web.settings.http_port, back.settings.http_port), ("debug", 3600, -1));
    assert_eq!((web.settings.placement.clone(), back.settings.placement.as_deref()), (None, Some("")));
    assert_eq!((web.daprd_log, web.app_log), (Destination::Console, Destination::FileAndConsole));
    assert_eq!((back.daprd_log, &back.directory), (Destination::File, &base.path().join("back")));
}

#[test]
fn variables_are_strings_and_the_apps_win() {
    let (base, home) = folder();
    let file = parse(TEXT, "dapr.yaml", base.path(), &home).unwrap();
    let pairs: Vec<(&str, &str)> = file.apps[0].settings.env.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(pairs, [("A", "own"), ("HALF", "1.50"), ("NONE", ""), ("ON", "true"), ("PORT", "80")]);
}

#[test]
fn the_nearest_resources_and_configuration_are_used() {
    let (base, home) = folder();
    let file = parse(TEXT, "dapr.yaml", base.path(), &home).unwrap();
    let [web, back] = file.apps.as_slice() else { panic!("two apps") };
    assert_eq!(web.settings.resources_paths, [base.path().join("shared")]);
    assert_eq!(web.settings.config, Some(base.path().join("common.yaml")));
    assert_eq!(back.settings.resources_paths, [base.path().join("back/.dapr/resources")]);
    assert_eq!(back.settings.config, Some(base.path().join("back/.dapr/config.yaml")));
    let own =
        parse("version: 1\napps: [{appDirPath: back, resourcesPaths: [../own]}]", "dapr.yaml", base.path(), &home)
            .unwrap();
    assert_eq!(own.apps[0].settings.resources_paths, [base.path().join("own")]);
    let none = parse("version: 1\napps: [{appDirPath: web}]", "dapr.yaml", base.path(), &home).unwrap();
    assert!(none.apps[0].settings.resources_paths.is_empty(), "the plan fills the home first");
}

#[test]
fn every_problem_is_told_with_line_and_field() {
    let (base, home) = folder();
    let text = "version: 1
common:
  appProtocol: htp
  resourcesPaths: [shared, nowhere]
apps:
- appID: a
- appDirPath: gone
- appDirPath: common.yaml
- appDirPath: web
  appPort: 70000
  appLogDestination: disk
  containerImagePullPolicy: Often
  restartPolicy: always
  configFilePath: lost.yaml
";
    let error = parse(text, "dapr.yaml", base.path(), &home).unwrap_err().to_string();
    let lines: Vec<&str> = error.lines().map(str::trim).collect();
    let at = |name: &str| base.path().join(name).display().to_string();
    assert_eq!(
        lines,
        [
            "dapr.yaml:3: common.appProtocol: invalid appProtocol: htp, allowed values: http, https, h2c, grpc, grpcs"
                .to_owned(),
            format!("dapr.yaml:4: common.resourcesPaths[1]: the file or directory {} does not exist", at("nowhere")),
            "dapr.yaml:6: apps[0].appDirPath: required field 'appDirPath' not found in the provided app config file"
                .to_owned(),
            format!("dapr.yaml:7: apps[1].appDirPath: the file or directory {} does not exist", at("gone")),
            format!("dapr.yaml:8: apps[2].appDirPath: {} is not a directory", at("common.yaml")),
            "dapr.yaml:10: apps[3].appPort: port 70000 is above 65535".to_owned(),
            "dapr.yaml:11: apps[3].appLogDestination: invalid appLogDestination: disk, allowed values: file, console, fileAndConsole"
                .to_owned(),
            "dapr.yaml:12: apps[3].containerImagePullPolicy: invalid containerImagePullPolicy: Often, allowed values: Always, Never, IfNotPresent"
                .to_owned(),
            "dapr.yaml:13: apps[3].restartPolicy: invalid restartPolicy: always, allowed values: Never, OnFailure, Always"
                .to_owned(),
            format!("dapr.yaml:14: apps[3].configFilePath: the file or directory {} does not exist", at("web/lost.yaml")),
        ]
    );
}

#[test]
fn a_file_that_is_no_run_file_says_where() {
    let (base, home) = folder();
    for (text, place) in [
        ("apps: []", "dapr.yaml: version: required field 'version'"),
        ("version: 0", "dapr.yaml:1: version: required field 'version'"),
        ("version: 1\napps: [{appDirPath: web, appPort: many}]", "dapr.yaml:2: "),
        ("version: 1\napps:\n- appDirPath: [", "dapr.yaml:3: "),
        ("version: 1\napps: 3", "dapr.yaml:2: "),
    ] {
        let error = parse(text, "dapr.yaml", base.path(), &home).unwrap_err().to_string();
        assert!(error.starts_with(place) && error.lines().count() == 1, "{error}");
    }
}

#[test]
fn empty_blocks_are_as_good_as_none() {
    let (base, home) = folder();
    let file = parse("version: 1\nname:\ncommon:\napps:\n", "dapr.yaml", base.path(), &home).unwrap();
    assert!(file.apps.is_empty() && file.name.is_empty());
    let text = "version: 1\napps:\n- appDirPath: web\n  env:\n  command:\n  appPort:\n";
    let file = parse(text, "dapr.yaml", base.path(), &home).unwrap();
    assert_eq!((file.apps[0].settings.app_port, file.apps[0].place.as_str()), (-1, "dapr.yaml:3"));
}

#[test]
fn a_misspelt_field_is_pointed_out() {
    let (base, home) = folder();
    let text = "version: 1\ncomon: 1\ncommon: {loglevel: x}\napps:\n- appDirPath: web\n  appPrt: 1\n";
    let file = parse(text, "dapr.yaml", base.path(), &home).unwrap();
    assert_eq!(
        file.doubts,
        [
            "dapr.yaml:2: comon: this field is unknown and ignored; did you mean `common`?",
            "dapr.yaml:3: common.loglevel: this field is unknown and ignored; did you mean `logLevel`?",
            "dapr.yaml:6: apps[0].appPrt: this field is unknown and ignored; did you mean `appPort`?"
        ]
    );
}

#[test]
fn restarts_are_off_unless_asked_for() {
    let (base, home) = folder();
    let text = "version: 1\ncommon: {restartPolicy: OnFailure}\napps: [{appDirPath: web}, {appDirPath: web, restartPolicy: Never}]";
    let file = parse(text, "dapr.yaml", base.path(), &home).unwrap();
    assert_eq!(
        file.apps.iter().map(|app| app.settings.restart).collect::<Vec<_>>(),
        [RestartPolicy::OnFailure, RestartPolicy::Never]
    );
    assert_eq!(parse(TEXT, "dapr.yaml", base.path(), &home).unwrap().apps[0].settings.restart, RestartPolicy::Never);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever stands in a run file is read or refused.
    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        let (base, home) = folder();
        let _ = parse(&text, "dapr.yaml", base.path(), &home);
    }

    /// The same with the right words in the wrong places.
    #[test]
    fn no_yaml_makes_it_panic(words in prop::collection::vec(
        prop::sample::select(vec![
            "version", "common", "apps", "env", "command", "appDirPath", "appPort", "resourcesPaths", ": ", "- ", "\n", "  ", "{",
            "}", "[", "]", ",", "1", "-1", "web", "&a ", "*a", "<<", "!!str ", "\"", "'", "~", "#", "|", "\t", "99999999999",
        ]), 0..40))
    {
        let (base, home) = folder();
        let text = format!("version: 1\napps:\n- {}", words.concat());
        let _ = parse(&text, "dapr.yaml", base.path(), &home);
        let _ = parse(&words.concat(), "dapr.yaml", base.path(), &home);
    }
}

#[test]
fn a_directory_stands_for_its_dapr_yaml() {
    let (base, _home) = folder();
    assert!(locate(base.path()).unwrap_err().to_string().contains("there is no dapr.yaml"));
    std::fs::write(base.path().join("dapr.yaml"), TEXT).unwrap();
    assert_eq!(locate(base.path()).unwrap(), base.path().join("dapr.yaml"));
    std::fs::write(base.path().join("run.txt"), TEXT).unwrap();
    assert!(locate(&base.path().join("run.txt")).unwrap_err().to_string().ends_with("is not a YAML file"));
    assert_eq!(locate(Path::new("-")).unwrap(), Path::new("-"));
}

#[test]
fn a_run_file_has_one_name_however_it_is_given() {
    let directory = Path::new("/srv/shop");
    for given in ["dapr.yaml", "./dapr.yaml", "../shop/dapr.yaml", "/srv/shop/dapr.yaml"] {
        assert_eq!(absolute(Path::new(given), directory), Path::new("/srv/shop/dapr.yaml"));
    }
    assert_eq!(absolute(Path::new("-"), directory), Path::new("/srv/shop/-"));
}
