//! Run files: paths, defaults of `common`, and what is refused.

use super::*;

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
  env: {A: common, PORT: 80, ON: true}
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
    let file = parse(TEXT, base.path(), &home).unwrap();
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
    let file = parse(TEXT, base.path(), &home).unwrap();
    let pairs: Vec<(&str, &str)> = file.apps[0].settings.env.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(pairs, [("A", "own"), ("ON", "true"), ("PORT", "80")]);
}

#[test]
fn the_nearest_resources_and_configuration_are_used() {
    let (base, home) = folder();
    let file = parse(TEXT, base.path(), &home).unwrap();
    let [web, back] = file.apps.as_slice() else { panic!("two apps") };
    assert_eq!(web.settings.resources_paths, [base.path().join("shared")]);
    assert_eq!(web.settings.config, Some(base.path().join("common.yaml")));
    assert_eq!(back.settings.resources_paths, [base.path().join("back/.dapr/resources")]);
    assert_eq!(back.settings.config, Some(base.path().join("back/.dapr/config.yaml")));
    let own = parse("version: 1\napps: [{appDirPath: back, resourcesPaths: [../own]}]", base.path(), &home).unwrap();
    assert_eq!(own.apps[0].settings.resources_paths, [base.path().join("own")]);
    let none = parse("version: 1\napps: [{appDirPath: web}]", base.path(), &home).unwrap();
    assert!(none.apps[0].settings.resources_paths.is_empty(), "the plan fills the home first");
}

#[test]
fn errors_name_what_is_wrong() {
    let (base, home) = folder();
    let wrong = [
        ("apps: []", "required field 'version'"),
        ("version: 1\napps: [{appID: a}]", "required field 'appDirPath'"),
        ("version: 1\napps: [{appDirPath: gone}]", "gone does not exist"),
        ("version: 1\napps: [{appDirPath: web, appLogDestination: disk}]", "disk"),
        (
            "version: 1\napps: [{appDirPath: web, containerImagePullPolicy: Often}]",
            "invalid containerImagePullPolicy: Often",
        ),
    ];
    for (text, message) in wrong {
        let error = format!("{:#}", parse(text, base.path(), &home).unwrap_err());
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn a_misspelt_field_is_pointed_out() {
    let (base, home) = folder();
    let file = parse("version: 1\napps: [{appDirPath: web, appPrt: 1}]", base.path(), &home).unwrap();
    assert_eq!(file.doubts, ["the run file's field `appPrt` is unknown and ignored; did you mean `appPort`?"]);
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
