//! The table of component types a binary knows.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

use crate::metadata::{Field, Metadata, Problem, Properties, error_of, unknown_fields};
use crate::{
    Context, Error, Factory, Result, binding, crypto, http_middleware, name_resolver, pubsub, secret_store, state,
};

/// A component that is ready for use.
#[derive(Clone)]
pub enum Component {
    /// `state.*`.
    State(Arc<dyn state::StateStore>),
    /// `secretstores.*`.
    SecretStore(Arc<dyn secret_store::SecretStore>),
    /// `pubsub.*`.
    PubSub(Arc<dyn pubsub::PubSub>),
    /// `bindings.*`.
    Binding(Arc<dyn binding::Binding>),
    /// `crypto.*`.
    Crypto(Arc<dyn crypto::CryptoProvider>),
    /// `nameresolution.*`.
    NameResolver(Arc<dyn name_resolver::NameResolver>),
    /// `middleware.http.*`.
    HttpMiddleware(Arc<dyn http_middleware::HttpMiddleware>),
}

impl Component {
    /// The capabilities that `GET /v1.0/metadata` lists.
    pub fn capabilities(&self) -> Vec<&'static str> {
        match self {
            Self::State(store) => state_capabilities(store.features()),
            Self::SecretStore(store) => store.features().iter().map(|feature| feature.name()).collect(),
            Self::PubSub(broker) => broker.features().iter().map(|feature| feature.name()).collect(),
            Self::Binding(binding) => {
                let input = binding.input().map(|_| "INPUT_BINDING");
                input.into_iter().chain(binding.output().map(|_| "OUTPUT_BINDING")).collect()
            }
            Self::Crypto(_) | Self::NameResolver(_) | Self::HttpMiddleware(_) => Vec::new(),
        }
    }

    /// Ends background work and connections.
    pub async fn close(&self) {
        match self {
            Self::State(store) => store.close().await,
            Self::SecretStore(store) => store.close().await,
            Self::PubSub(broker) => broker.close().await,
            Self::Binding(binding) => binding.close().await,
            Self::Crypto(provider) => provider.close().await,
            Self::NameResolver(resolver) => resolver.close().await,
            Self::HttpMiddleware(link) => link.close().await,
        }
    }
}

/// A store with ETags and transactions can hold actors, and says so.
fn state_capabilities(features: &[state::Feature]) -> Vec<&'static str> {
    let mut names: Vec<_> = features.iter().map(|feature| feature.name()).collect();
    if features.contains(&state::Feature::Etag) && features.contains(&state::Feature::Transactional) {
        names.push("ACTOR");
    }
    names
}

/// How a building block's trait object becomes a [`Component`].
trait Wrap {
    fn wrap(component: Arc<Self>) -> Component;
}

impl Wrap for dyn state::StateStore {
    fn wrap(component: Arc<Self>) -> Component {
        Component::State(component)
    }
}

impl Wrap for dyn secret_store::SecretStore {
    fn wrap(component: Arc<Self>) -> Component {
        Component::SecretStore(component)
    }
}

impl Wrap for dyn pubsub::PubSub {
    fn wrap(component: Arc<Self>) -> Component {
        Component::PubSub(component)
    }
}

impl Wrap for dyn binding::Binding {
    fn wrap(component: Arc<Self>) -> Component {
        Component::Binding(component)
    }
}

impl Wrap for dyn crypto::CryptoProvider {
    fn wrap(component: Arc<Self>) -> Component {
        Component::Crypto(component)
    }
}

impl Wrap for dyn name_resolver::NameResolver {
    fn wrap(component: Arc<Self>) -> Component {
        Component::NameResolver(component)
    }
}

impl Wrap for dyn http_middleware::HttpMiddleware {
    fn wrap(component: Arc<Self>) -> Component {
        Component::HttpMiddleware(component)
    }
}

/// What a search for types that exist only at run time found: full names and entries.
pub type Discovered = Vec<(String, Entry)>;
type DiscoveryFuture = Pin<Box<dyn Future<Output = Discovered> + Send>>;
type Discovery = Arc<dyn Fn(PathBuf) -> DiscoveryFuture + Send + Sync>;
type InitFuture = Pin<Box<dyn Future<Output = Result<Component>> + Send>>;

/// A component whose settings are valid; `init` may be called again after a failure.
#[derive(Clone)]
pub struct Prepared(Arc<dyn Fn(Context) -> InitFuture + Send + Sync>);

impl Prepared {
    /// A component made in code rather than by a [`Factory`].
    pub fn new<F>(init: impl Fn(Context) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Component>> + Send + 'static,
    {
        Self(Arc::new(move |context| Box::pin(init(context))))
    }

    /// Opens the component.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub async fn init(&self, context: Context) -> Result<Component> {
        (self.0)(context).await
    }
}

/// Checks settings without touching the network.
type Prepare = dyn Fn(&Properties) -> Result<Prepared, Vec<Problem>> + Send + Sync;

/// One version of one component type.
#[derive(Clone)]
pub struct Entry {
    /// Declared metadata fields; `None` for a type that is only known at run time.
    pub fields: Option<&'static [Field]>,
    prepare: Arc<Prepare>,
}

impl Entry {
    fn of<F: Factory>() -> Self
    where
        F::Component: Wrap,
    {
        let prepare = |properties: &Properties| {
            let metadata = F::Metadata::parse(properties)?;
            let valid = F::validate(metadata).map_err(|error| vec![problem_of(&error)])?;
            Ok(Prepared::new(move |context| {
                let opening = F::init(valid.clone(), context);
                async move { opening.await.map(Wrap::wrap) }
            }))
        };
        Self { fields: Some(F::Metadata::FIELDS), prepare: Arc::new(prepare) }
    }

    /// An entry made in code; `prepare` must be pure.
    pub fn dynamic(prepare: impl Fn(&Properties) -> Result<Prepared, Vec<Problem>> + Send + Sync + 'static) -> Self {
        Self { fields: None, prepare: Arc::new(prepare) }
    }

    /// Checks the settings without touching the network.
    ///
    /// # Errors
    /// All that is wrong.
    pub fn prepare(&self, properties: &Properties) -> Result<Prepared, Vec<Problem>> {
        (self.prepare)(properties)
    }

    /// Remarks on entries that no field declares.
    pub fn remarks(&self, properties: &Properties) -> Vec<Problem> {
        self.fields.map(|fields| unknown_fields(fields, properties)).unwrap_or_default()
    }
}

fn problem_of(error: &Error) -> Problem {
    Problem { position: String::new(), path: "spec.metadata".into(), message: error.to_string(), warning: false }
}

/// Why a type cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    /// The type exists, but not in this binary.
    #[error("`{0}` is a known component type that this binary does not have: {1}")]
    NotBuilt(String, String),
    /// The type exists in that version only.
    #[error("`{kind}` has no version `{version}`; it has {available}")]
    Version {
        /// The type.
        kind: String,
        /// The version that was asked for.
        version: String,
        /// The versions there are.
        available: String,
    },
    /// No such type.
    #[error("`{0}` is not a component type{1}")]
    Type(String, String),
}

#[derive(Clone, Default)]
struct Versions {
    entries: Vec<(&'static str, Entry)>,
    default: &'static str,
    /// Answers to no version, `v0` and `v1` alike.
    unversioned: bool,
}

/// Every type a binary can build, and the names of those it cannot.
#[derive(Clone, Default)]
pub struct Registry {
    types: BTreeMap<String, Versions>,
    absent: BTreeMap<String, String>,
    discovery: Option<Discovery>,
}

/// Adds versions to a type of the registry.
pub struct Registration<'a> {
    registry: &'a mut Registry,
    names: Vec<String>,
}

impl Registry {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts the entry of a type, with its full name: `state.redis`.
    pub fn component(&mut self, name: &str) -> Registration<'_> {
        Registration { registry: self, names: vec![name.to_ascii_lowercase()] }
    }

    /// Notes a type that exists but is not in this binary, and why.
    pub fn absent(&mut self, name: &str, why: &str) {
        self.absent.insert(name.to_ascii_lowercase(), why.to_owned());
    }

    /// Adds a type found at run time, such as a pluggable component.
    pub fn insert_dynamic(&mut self, name: &str, entry: Entry) {
        let versions = Versions { entries: vec![("v1", entry)], default: "v1", unversioned: true };
        self.types.insert(name.to_ascii_lowercase(), versions);
    }

    /// Sets who searches a folder for types that exist only at run time; the search must be bounded in time.
    pub fn set_discovery<F>(&mut self, find: impl Fn(PathBuf) -> F + Send + Sync + 'static)
    where
        F: Future<Output = Discovered> + Send + 'static,
    {
        self.discovery = Some(Arc::new(move |folder| Box::pin(find(folder))));
    }

    /// This table with the types that are found in `folder`; they go before built-in ones of the same name.
    pub async fn with_discovered(&self, folder: &Path) -> Self {
        let mut registry = self.clone();
        let Some(find) = &self.discovery else { return registry };
        for (name, entry) in find(folder.to_owned()).await {
            registry.insert_dynamic(&name, entry);
        }
        registry
    }

    /// All types and versions, sorted by name; for documentation and tests.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &'static str, &Entry)> {
        self.types.iter().flat_map(|(name, versions)| {
            versions.entries.iter().map(move |(version, entry)| (name.as_str(), *version, entry))
        })
    }

    /// The types that exist but are not in this binary, each with the reason, sorted by name; for documentation.
    pub fn absent_types(&self) -> impl Iterator<Item = (&str, &str)> {
        let absent = self.absent.iter().filter(|(name, _)| !self.types.contains_key(*name));
        absent.map(|(name, why)| (name.as_str(), why.as_str()))
    }

    /// Finds the entry for a resource's `spec.type` and `spec.version`; case is ignored.
    ///
    /// # Errors
    /// The type is not in this binary, has no such version, or does not exist.
    pub fn find(&self, kind: &str, version: &str) -> Result<&Entry, Unknown> {
        let name = kind.to_ascii_lowercase();
        let Some(versions) = self.types.get(&name) else { return Err(self.unknown(kind, &name)) };
        let version = version.to_ascii_lowercase();
        let wanted = match version.as_str() {
            "" => versions.default,
            "v0" | "v1" if versions.unversioned => versions.default,
            other => other,
        };
        versions.entries.iter().find(|(name, _)| *name == wanted).map(|(_, entry)| entry).ok_or_else(|| {
            let available = versions.entries.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
            Unknown::Version { kind: kind.to_owned(), version, available }
        })
    }

    fn unknown(&self, kind: &str, name: &str) -> Unknown {
        if let Some(why) = self.absent.get(name) {
            return Unknown::NotBuilt(kind.to_owned(), why.clone());
        }
        let names = self.types.keys().chain(self.absent.keys()).map(String::as_str);
        let hint = dapr_kit::suggest::nearest(name, names)
            .map(|nearest| format!(", did you mean `{nearest}`?"))
            .unwrap_or_default();
        Unknown::Type(kind.to_owned(), hint)
    }
}

#[expect(private_bounds, reason = "only the traits of this crate are components")]
impl Registration<'_> {
    /// Another full name of the same type.
    #[must_use]
    pub fn alias(mut self, name: &str) -> Self {
        self.names.push(name.to_ascii_lowercase());
        self
    }

    /// A type without versions: no version, `v0` and `v1` all mean it.
    pub fn factory<F: Factory>(self)
    where
        F::Component: Wrap,
    {
        let versions = Versions { entries: vec![("v1", Entry::of::<F>())], default: "v1", unversioned: true };
        self.add(versions);
    }

    /// A type with versions, asked for exactly; no version means `default`.
    pub fn versions(self, default: &'static str, entries: Vec<(&'static str, Entry)>) {
        self.add(Versions { entries, default, unversioned: false });
    }

    fn add(self, versions: Versions) {
        for name in self.names {
            self.registry.types.insert(name, versions.clone());
        }
    }
}

/// The entry of a factory, for [`Registration::versions`].
#[expect(private_bounds, reason = "only the traits of this crate are components")]
pub fn entry<F: Factory>() -> Entry
where
    F::Component: Wrap,
{
    Entry::of::<F>()
}

/// Opens a component from pairs, for tests of a component crate.
///
/// # Errors
/// The settings are wrong, or the component cannot be opened.
pub async fn open<F: Factory>(pairs: &[(&str, &str)]) -> Result<Arc<F::Component>> {
    let properties = Properties::from_pairs(pairs.iter().copied());
    let metadata = F::Metadata::parse(&properties).map_err(|problems| error_of(&problems))?;
    let context = Context { name: "test".into(), app_id: "test".into(), ..Context::default() };
    F::init(F::validate(metadata)?, context).await
}
