//! What is fuzzed. Each function takes any bytes; only a panic, or an answer that breaks a promise, is a finding.

mod http;

use std::path::Path;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use dapr_resources::component::template::TemplateContext;
use dapr_resources::{Loader, configuration};
use dapr_spi::metadata::Properties;
use dapr_spi::registry::Registry;
use dapr_spi::state::{Value, ttl_of};
use dapr_state::{Encryption, Identity, Key, KeyPrefix};

use crate::Signature;
pub use http::Http;

/// YAML: a file of resources, the placeholders in it, and the same bytes as a Configuration.
pub fn resources(bytes: &[u8]) -> Signature {
    dapr_resources::load::fuzz(bytes);
    let text = String::from_utf8_lossy(bytes).into_owned();
    let file: Arc<Path> = Arc::from(Path::new("fuzz.yaml"));
    let mut answer = match (Loader { app_id: Some("app"), namespace: Some("default") }).text("fuzz.yaml", &text) {
        Ok(loaded) => {
            let template = TemplateContext { app_id: "app", namespace: "default", pod_name: None };
            let items = loaded.components.iter().flat_map(|component| &component.spec.metadata);
            let expanded =
                items.map(|item| template.expand(item).map_or_else(|error| error.to_string(), |_| String::new()));
            expanded.chain(loaded.problems.iter().map(ToString::to_string)).collect()
        }
        Err(error) => vec![error.to_string()],
    };
    answer.push(configuration::parse(&[(file, text)]).map_or_else(|error| error.to_string(), |_| String::new()));
    Signature::of(answer)
}

/// Settings of components: the first line is `type/version`, the others are `field=value`.
///
/// Nothing is opened: this is the pure half of a component, connection strings included.
pub fn settings(bytes: &[u8]) -> Signature {
    static REGISTRY: LazyLock<Registry> = LazyLock::new(dapr_registry::registry);
    let text = String::from_utf8_lossy(bytes);
    let (head, fields) = text.split_once('\n').unwrap_or((&text, ""));
    let (kind, version) = head.split_once('/').unwrap_or((head, ""));
    let properties = Properties::from_pairs(fields.split('\n').filter_map(|line| line.split_once('=')));
    match REGISTRY.find(kind, version) {
        Err(unknown) => Signature::of([unknown]),
        Ok(entry) => {
            let mut answer: Vec<String> = entry.remarks(&properties).iter().map(ToString::to_string).collect();
            match entry.prepare(&properties) {
                Ok(_) => answer.push("fine".to_owned()),
                Err(problems) => answer.extend(problems.iter().map(ToString::to_string)),
            }
            Signature::of(answer)
        }
    }
}

/// Small texts: durations, quantities, TTLs, key prefixes.
///
/// # Panics
/// A duration does not survive being printed, or a stored key does not give the key back.
pub fn text(bytes: &[u8]) -> Signature {
    let text = String::from_utf8_lossy(bytes);
    let mut answer = Vec::new();
    match dapr_kit::duration::parse(&text) {
        Ok(duration) => {
            let printed = dapr_kit::duration::format(duration);
            assert_eq!(dapr_kit::duration::parse(&printed), Ok(duration), "{text:?} prints as {printed}");
        }
        Err(error) => answer.push(error),
    }
    answer.extend(dapr_kit::duration::parse_signed(&text).err());
    answer.extend(dapr_kit::quantity::parse_bytes(&text).err());
    let metadata = [("ttlInSeconds".to_owned(), text.clone().into_owned())].into();
    answer.extend(ttl_of(&metadata).err().map(|error| error.to_string()));
    let identity = Identity { app_id: "app".to_owned(), namespace: "default".to_owned() };
    let (strategy, key) = text.split_once('\n').unwrap_or(("", &text));
    match KeyPrefix::parse(Some(strategy), "store", &identity).and_then(|prefix| prefix.stored(key)) {
        // A prefix or key at whose seam a bar meets the separator's is read another way; see the engine's tests.
        Ok(stored) if !stored.contains("|||") && strategy.trim() != "none" => {
            assert_eq!(KeyPrefix::original(&stored), key, "{stored:?}");
        }
        Ok(_) => {}
        Err(error) => answer.push(error.to_string()),
    }
    Signature::of(answer)
}

/// Sealed records, as a store may return them.
///
/// # Panics
/// A value does not survive being sealed and opened, or a key cannot be made.
pub fn records(bytes: &[u8]) -> Signature {
    let key = |name: &str, text: &str| Key::from_hex(name, text).expect("a key of 16 bytes in hex");
    let primary = key("new", "00112233445566778899aabbccddeeff");
    let encryption = Encryption::new(primary, Some(key("", "ffeeddccbbaa99887766554433221100")));
    let bytes = Bytes::copy_from_slice(bytes);
    let sealed = encryption.seal(&Value::Binary(bytes.clone())).expect("there is randomness");
    assert_eq!(encryption.open(sealed.bytes()).as_ref(), Ok(&bytes));
    Signature::of(encryption.open(&bytes).err())
}
