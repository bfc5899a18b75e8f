//! `cargo xtask dist [--profile NAME]`: one archive with every program, the licences, and a checksum.
//!
//! The archive is the same bytes for the same commit and toolchain: names are sorted, owners and times fixed.

mod notices;

use std::env::consts::{ARCH, OS};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use cargo_metadata::{Metadata, MetadataCommand};
use sha2::{Digest, Sha256};

/// What daprd holds in a release.
const FEATURES: &str = "daprd/full";
/// Files of the repository that go along, where they exist.
const DOCUMENTS: &[&str] = &["LICENSE", "README.md"];
const NOTICES: &str = "THIRD-PARTY-LICENSES.txt";

/// Builds, gathers and packs into `target/dist`.
pub(crate) fn run(root: &Path, arguments: &[String]) -> Result<()> {
    let profile = profile(arguments)?;
    let metadata = MetadataCommand::new().manifest_path(root.join("Cargo.toml")).exec().context("cargo metadata")?;
    let programs = programs(root, &metadata);
    ensure!(!programs.is_empty(), "no programs in bin/");
    build(root, &profile, &programs)?;

    let directory = metadata.target_directory.as_std_path().join("dist");
    let name = format!("dapr-{}-{OS}-{ARCH}", env!("CARGO_PKG_VERSION"));
    let stage = directory.join(&name);
    if stage.exists() {
        fs::remove_dir_all(&stage)?;
    }
    fs::create_dir_all(&stage)?;
    let built = metadata.target_directory.as_std_path().join(if profile == "dev" { "debug" } else { &profile });
    for program in &programs {
        copy(&built.join(program), &stage.join(program))?;
    }
    for document in DOCUMENTS.iter().filter(|document| root.join(document).exists()) {
        copy(&root.join(document), &stage.join(document))?;
    }
    fs::write(stage.join(NOTICES), notices::render(root, &metadata, &programs, FEATURES)?)?;

    let archive = pack(root, &directory, &name)?;
    let sum = Sha256::digest(fs::read(directory.join(&archive))?);
    let sum: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
    fs::write(directory.join("SHA256SUMS"), format!("{sum}  {archive}\n"))?;
    eprintln!("{}", directory.join(archive).display());
    Ok(())
}

fn profile(arguments: &[String]) -> Result<String> {
    match arguments {
        [] => Ok("release".to_owned()),
        [flag, name] if flag == "--profile" => Ok(name.clone()),
        other => bail!("expected `--profile NAME` or nothing, found {other:?}"),
    }
}

/// The packages of `bin/`, each of which is a program of its name.
fn programs(root: &Path, metadata: &Metadata) -> Vec<String> {
    let bin = root.join("bin");
    let mut names: Vec<String> = metadata
        .workspace_packages()
        .into_iter()
        .filter(|package| package.manifest_path.as_std_path().starts_with(&bin))
        .map(|package| package.name.to_string())
        .collect();
    names.sort();
    names
}

fn build(root: &Path, profile: &str, programs: &[String]) -> Result<()> {
    let packages = programs.iter().flat_map(|program| ["--package", program]);
    let mut cargo = cargo(root);
    cargo.args(["build", "--locked", "--profile", profile, "--features", FEATURES]).args(packages);
    cargo.env("DAPR_GIT_COMMIT", output(git(root).args(["rev-parse", "HEAD"]))?);
    ensure!(cargo.status().context("cargo build")?.success(), "cargo build failed");
    Ok(())
}

/// Packs the staged directory; returns the archive's name.
fn pack(root: &Path, directory: &Path, name: &str) -> Result<String> {
    let archive = format!("{name}.tar.gz");
    let time = output(git(root).args(["log", "-1", "--format=@%ct"]))?;
    let mut tar = Command::new("tar");
    tar.args(["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mode=go-w"])
        .arg(format!("--mtime={time}"))
        .args(["--use-compress-program=gzip -9 --no-name", "--create", "--file"])
        .arg(directory.join(&archive))
        .arg("--directory")
        .arg(directory)
        .arg(name);
    ensure!(tar.status().context("tar")?.success(), "tar failed");
    Ok(archive)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).with_context(|| format!("copy {} to {}", from.display(), to.display()))?;
    Ok(())
}

fn cargo(root: &Path) -> Command {
    let program = std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from);
    let mut command = Command::new(program);
    command.current_dir(root);
    command
}

fn git(root: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(root);
    command
}

/// What a command prints, trimmed.
fn output(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| name.clone())?;
    let arguments: Vec<&OsStr> = command.get_args().collect();
    ensure!(output.status.success(), "{name} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_is_release_unless_said_otherwise() {
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(profile(&[]).unwrap(), "release");
        assert_eq!(profile(&words("--profile dev")).unwrap(), "dev");
        assert!(profile(&words("--profile")).is_err());
    }

    #[test]
    fn every_program_ships_with_the_notices_of_what_it_links() {
        let root = crate::root();
        let metadata = MetadataCommand::new()
            .manifest_path(root.join("Cargo.toml"))
            .other_options(["--offline".to_owned()])
            .exec()
            .unwrap();
        let programs = programs(&root, &metadata);
        assert!(programs.contains(&"dapr".to_owned()) && programs.contains(&"daprd".to_owned()));
        let notices = notices::render(&root, &metadata, &programs, FEATURES).unwrap();
        assert!(notices.contains("\ntokio ") && notices.contains("\naws-lc-sys "), "{}", &notices[..2000]);
        assert!(!notices.contains("\nprost-build ") && !notices.contains("\ndapr-kit "));
        assert!(notices.contains("Permission is hereby granted"));
    }
}
