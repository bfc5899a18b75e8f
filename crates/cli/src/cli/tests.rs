//! The command lines that scripts and people write are accepted as the incumbent accepts them.

use super::*;

fn parses(line: &str) -> bool {
    parse(line.split(' ').map(OsString::from).collect()).map_err(|error| println!("{error}")).is_ok()
}

#[test]
fn the_definition_is_sound() {
    command().debug_assert();
}

#[test]
fn every_command_of_the_incumbent_parses() {
    let lines = [
        "dapr -v",
        "dapr init -k --wait --timeout 60 --enable-mtls=false --enable-ha=true -n ns --set a=b --set c=d --image-variant mariner --dev",
        "dapr init --network n --redis-stack --scheduler-volume v --scheduler-override-broadcast-host-port h:1",
        "dapr init --ca-root-certificate a --issuer-private-key b --issuer-public-certificate c -k",
        "dapr uninstall --all --network n --container-runtime podman",
        "dapr upgrade -k --runtime-version 1.18.0 --set a=b --image-registry r",
        "dapr run -f . -k",
        "dapr stop a b -a c",
        "dapr stop -f dapr.yaml -k",
        "dapr list -k -A --namespace x -o json",
        "dapr status -k",
        "dapr logs -k -a x -p pod -n ns",
        "dapr invoke -a x -m m -d {} -v GET -u /tmp",
        "dapr publish -i x -t t -p p -d -1 -m {}",
        "dapr components -k -A -n x --namespace ns -o list",
        "dapr components validate a b",
        "dapr configurations -k -o yaml",
        "dapr mcpservers --resources-path x -o json",
        "dapr mtls -k",
        "dapr mtls export -o out",
        "dapr mtls expiry",
        "dapr mtls rnc -k --valid-until 10 --restart",
        "dapr annotate -k -r web -n ns -a x -p 80 --enable-metrics=true --log-as-json - ",
        "dapr sched list --filter actor -o wide -n ns",
        "dapr scheduler del app/a/j app/a/k -k",
        "dapr scheduler da all",
        "dapr scheduler export -o f",
        "dapr scheduler import -f f",
        "dapr wf ls -a x -w n -s RUNNING -m 1h -o json -c dsn -t tab",
        "dapr workflow history i -o wide",
        "dapr workflow run w -i i -x 1 -s 1m -a x",
        "dapr workflow terminate i -o out",
        "dapr workflow raise-event i/e -x 1",
        "dapr workflow rerun i -e 3 --new-instance-id n",
        "dapr workflow purge --all-older-than 1h --all-filter-status COMPLETED --force",
        "dapr version -o json",
        "dapr build-info",
        "dapr completion zsh",
        "dapr --runtime-path /x run --log-as-json",
        "dapr run --runtime-path /x",
        "dapr dashboard -k -p 8081",
    ];
    for line in lines {
        assert!(parses(line.trim_end()), "{line}");
    }
}

#[test]
fn what_must_be_given_is_demanded() {
    for line in [
        "dapr invoke -a x",
        "dapr publish -t t",
        "dapr list -o xml",
        "dapr nonsense",
        "dapr run --no-such-flag",
        "dapr init --ca-root-certificate x",
    ] {
        assert!(!parses(line), "{line}");
    }
}

#[test]
fn flags_given_are_known_by_name() {
    let words = ["dapr", "run", "-f", "x", "--app-port", "3", "--log-as-json"];
    let cli = parse(words.iter().map(OsString::from).collect()).unwrap();
    let mut given = cli.given_flags;
    given.sort();
    assert_eq!(given, ["app_port", "run_file"]);
}
