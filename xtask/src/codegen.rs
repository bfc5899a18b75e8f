//! `cargo xtask codegen`: compiles `proto/` into the committed code of `crates/proto`.
//!
//! The output is committed so that a build needs neither `protoc` nor a build script; the test at the
//! end of this file keeps it equal to its source. Everything is rendered in memory first, so that
//! writing and comparing share one path.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use prost::Message;
use prost_build::Module;
use prost_types::{FileDescriptorProto, FileDescriptorSet};

const OUT_DIR: &str = "crates/proto/src/generated";
const DESCRIPTOR_FILE: &str = "descriptor.bin";

/// Packages whose messages also travel as JSON. The rest never do, and each conversion costs every
/// build some hundred lines per message, so a package is added here when somebody needs it.
const JSON_PACKAGES: &[&str] = &[
    ".dapr.proto.common.v1",
    ".dapr.proto.internals.v1",
    ".dapr.proto.placement.v1",
    ".dapr.proto.runtime.v1",
    ".dapr.proto.scheduler.v1",
    ".dapr.proto.workflows.v1",
];

/// The files of one run: name inside the output directory, and content.
type Files = BTreeMap<String, Vec<u8>>;

/// Writes the generated files and removes those that no package produces any more.
pub(crate) fn run(root: &Path) -> Result<()> {
    let files = render(root)?;
    let out = root.join(OUT_DIR);
    fs::create_dir_all(&out).with_context(|| format!("create {}", out.display()))?;
    for stale in names_in(&out)?.iter().filter(|name| !files.contains_key(*name)) {
        fs::remove_file(out.join(stale)).with_context(|| format!("remove {stale}"))?;
    }
    for (name, content) in &files {
        fs::write(out.join(name), content).with_context(|| format!("write {name}"))?;
    }
    Ok(())
}

fn render(root: &Path) -> Result<Files> {
    let full = compile(&root.join("proto"))?;
    let mut files = Files::new();
    files.insert(DESCRIPTOR_FILE.to_owned(), for_reflection(&full).encode_to_vec());

    let protos = for_rust(full);
    let mut code = messages_and_services(&protos)?;
    for (package, json) in json_conversions(&protos)? {
        code.entry(package).or_default().push_str(&json);
    }
    // The imports are there to be looked up; their code is in pbjson_types.
    code.retain(|package, _| package.starts_with("dapr."));
    for (package, code) in code {
        let text = format(&code).with_context(|| format!("format {package}"))?;
        files.insert(format!("{package}.rs"), text.into_bytes());
    }
    Ok(files)
}

/// Compiles every `.proto` below `dir`, comments and imports included.
fn compile(dir: &Path) -> Result<FileDescriptorSet> {
    let mut compiler = protox::Compiler::new([dir])?;
    compiler.include_imports(true).include_source_info(true);
    for file in proto_files(dir)? {
        compiler.open_file(&file).with_context(|| format!("compile {}", file.display()))?;
    }
    Ok(compiler.file_descriptor_set())
}

/// The `.proto` files below `dir`, sorted so that every run sees them in the same order.
fn proto_files(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut pending = vec![dir.to_path_buf()];
    while let Some(dir) = pending.pop() {
        for entry in fs::read_dir(&dir).with_context(|| format!("list {}", dir.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|extension| extension == "proto") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// What a reflection client sees: every file with its imports, without comments.
fn for_reflection(full: &FileDescriptorSet) -> FileDescriptorSet {
    let mut set = full.clone();
    for file in &mut set.file {
        file.source_code_info = None;
    }
    set
}

/// What becomes Rust: the same files without deprecation marks. Those are addressed to our callers,
/// who see them by reflection; this server must go on filling and answering everything deprecated.
fn for_rust(full: FileDescriptorSet) -> Vec<FileDescriptorProto> {
    let mut files = full.file;
    for file in &mut files {
        for message in &mut file.message_type {
            message.options = None;
            for field in &mut message.field {
                field.options = None;
            }
        }
        for method in file.service.iter_mut().flat_map(|service| &mut service.method) {
            method.options = None;
        }
    }
    files
}

/// The prost messages and tonic services, one text per package.
fn messages_and_services(files: &[FileDescriptorProto]) -> Result<BTreeMap<String, String>> {
    let services = tonic_prost_build::configure()
        .build_client(true)
        .build_server(true)
        .generate_default_stubs(true)
        .compile_well_known_types(true)
        .service_generator();
    let mut config = prost_build::Config::new();
    config
        .bytes(["."])
        .compile_well_known_types()
        .extern_path(".google.protobuf", "::pbjson_types")
        .service_generator(services);
    let requests =
        files.iter().map(|file| (Module::from_protobuf_package_name(file.package()), file.clone())).collect();
    let code = config.generate(requests)?;
    let dotted = |module: Module| module.parts().collect::<Vec<_>>().join(".");
    Ok(code.into_iter().map(|(module, text)| (dotted(module), text)).collect())
}

/// The serde conversions of the proto-JSON mapping, one text per package. Unknown fields and enum
/// names are skipped, as Dapr's own parser does: a newer client may send them.
fn json_conversions(files: &[FileDescriptorProto]) -> Result<Vec<(String, String)>> {
    let mut builder = pbjson_build::Builder::new();
    for file in files {
        builder.register_file_descriptor(file.clone());
    }
    let texts = builder
        .extern_path(".google.protobuf", "::pbjson_types")
        .ignore_unknown_fields()
        .ignore_unknown_enum_variants()
        .generate(JSON_PACKAGES, |_| Ok(Vec::new()))?;
    texts.into_iter().map(|(package, text)| Ok((package.to_string(), String::from_utf8(text)?))).collect()
}

/// Formats with a library and not with rustfmt, so that the result depends on `Cargo.lock` alone.
fn format(code: &str) -> Result<String> {
    let file = syn::parse_file(code)?;
    Ok(format!("// Written by `cargo xtask codegen` from proto/: edit there.\n\n{}", prettyplease::unparse(&file)))
}

fn names_in(dir: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn committed_code_is_up_to_date() {
        let root = crate::root();
        let expected = render(&root).unwrap();
        let out = root.join(OUT_DIR);
        for (name, content) in &expected {
            let committed = fs::read(out.join(name)).unwrap_or_default();
            assert!(&committed == content, "{OUT_DIR}/{name} is out of date: run cargo xtask codegen");
        }
        for name in names_in(&out).unwrap() {
            assert!(expected.contains_key(&name), "{OUT_DIR}/{name} has no source: run cargo xtask codegen");
        }
    }
}
