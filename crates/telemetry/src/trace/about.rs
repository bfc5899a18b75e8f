//! Which attributes and which name a call gets from what it is about.

use std::net::SocketAddr;

use http::header::HeaderMap;

use super::span::Span;

/// What every span of the HTTP API tells of its request.
#[derive(Debug, Clone, Copy)]
pub struct HttpRequest<'a> {
    /// The verb.
    pub method: &'a str,
    /// The path, which is the span's name unless [`About`] gives another.
    pub path: &'a str,
    /// Path and query as they came.
    pub target: &'a str,
    /// Who called; published as `server.address`, as the incumbent has it.
    pub peer: Option<SocketAddr>,
    /// For the parent and the `dapr-` headers.
    pub headers: &'a HeaderMap,
}

impl HttpRequest<'_> {
    pub(super) fn describe(&self, span: &Span) {
        span.set("dapr.protocol", "http");
        span.set("dapr.api", format!("{} {}", self.method, self.path));
        span.set("http.request.method", self.method.to_owned());
        span.set("url.full", self.target.to_owned());
        if let Some(peer) = self.peer {
            span.set("server.address", peer.ip().to_string());
            span.set("server.port", peer.port().to_string());
        }
    }
}

/// What a call is about. [`Span::about_http`] and [`Span::about_grpc`] turn it into attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About<'a> {
    /// An operation on a state store. Over gRPC only `GetState`, `SaveState` and `DeleteState` are described.
    State {
        /// The component.
        store: &'a str,
    },
    /// An operation on the state of an actor.
    ActorState {
        /// The actor's type.
        actor_type: &'a str,
        /// The actor's id.
        actor_id: &'a str,
    },
    /// A read of a secret. Over gRPC only `GetSecret` is described.
    Secret {
        /// The component.
        store: &'a str,
    },
    /// A call of an output binding.
    Binding {
        /// The component.
        name: &'a str,
    },
    /// A publish, single or bulk.
    PubSub {
        /// The topic.
        topic: &'a str,
    },
    /// A call of another application. Names the span `CallLocal/<app>/<method>`.
    Invocation {
        /// The called application.
        app_id: &'a str,
        /// The method, without a leading slash.
        method: &'a str,
    },
    /// A call of an actor. Names the span `CallActor/<type>/<method>`.
    Actor {
        /// The actor's type.
        actor_type: &'a str,
        /// The actor's id.
        actor_id: &'a str,
        /// The method.
        method: &'a str,
    },
    /// A conversation with a language model; described over gRPC only.
    Conversation {
        /// The component.
        name: &'a str,
    },
}

const STATE: &str = "state";
const SECRETS: &str = "secrets";
const BINDINGS: &str = "bindings";
const PUBSUB: &str = "pubsub";

impl Span {
    /// Describes a call of the HTTP API; `method` and `path` as in [`HttpRequest`].
    pub fn about_http(&self, about: &About<'_>, method: &str, path: &str) {
        if !self.is_recording() {
            return;
        }
        let statement = || format!("{method} {path}");
        match *about {
            About::State { store } => self.database(STATE, store, statement()),
            About::Secret { store } => self.database(SECRETS, store, statement()),
            About::Binding { name } => self.database(BINDINGS, name, statement()),
            About::PubSub { topic } => self.topic(topic),
            About::ActorState { actor_type, actor_id } => {
                self.set("dapr.actor", format!("{actor_type}.{actor_id}"));
                self.database(STATE, "actor", statement());
            }
            About::Invocation { app_id, method } => self.invocation(app_id, method),
            About::Actor { actor_type, actor_id, method } => {
                let actor = format!("{actor_type}.{actor_id}");
                self.set("net.peer.name", actor.clone());
                self.set("dapr.actor", actor);
                self.set("rpc.service", "ServiceInvocation");
                self.rename(&format!("CallActor/{actor_type}/{method}"));
            }
            About::Conversation { .. } => {}
        }
    }

    /// Describes a call of the gRPC API; `method` is the full one. Actor calls stay undescribed, as with the
    /// incumbent.
    pub fn about_grpc(&self, about: &About<'_>, method: &str) {
        if !self.is_recording() {
            return;
        }
        match *about {
            About::State { store } => self.database(STATE, store, method.to_owned()),
            About::Secret { store } => self.database(SECRETS, store, method.to_owned()),
            About::Binding { name } => self.database(BINDINGS, name, method.to_owned()),
            About::PubSub { topic } => self.topic(topic),
            About::Invocation { app_id, method } => return self.invocation(app_id, method),
            About::Conversation { name } => return self.set("rpc.system", name.to_owned()),
            About::Actor { .. } | About::ActorState { .. } => return,
        }
        self.set("rpc.service", "Dapr");
    }

    /// Describes a call from another sidecar to this one's application, `app_id`.
    pub fn about_internal_call(&self, app_id: &str, method: &str) {
        if self.is_recording() {
            self.set("rpc.service", "ServiceInvocation");
            self.set("dapr.invoke_method", method.to_owned());
            self.rename(&format!("CallLocal/{app_id}/{method}"));
        }
    }

    /// Describes a call from another sidecar to an actor here.
    pub fn about_internal_actor_call(&self, actor_type: &str, actor_id: &str, method: &str) {
        if self.is_recording() {
            self.set("rpc.service", "ServiceInvocation");
            self.set("dapr.actor", format!("{actor_type}.{actor_id}"));
            self.rename(&format!("CallActor/{actor_type}/{method}"));
        }
    }

    /// Describes the delivery of a message to the application. The span's name is `pubsub/<topic>`.
    pub fn about_delivery(&self, topic: &str) {
        if self.is_recording() {
            self.topic(topic);
        }
    }

    /// Describes an event of an input binding that the application is called for at `url`. The span's name is
    /// `bindings/<name>`.
    pub fn about_input_binding(&self, name: &str, url: &str) {
        if self.is_recording() {
            self.set("db.name", name.to_owned());
            self.set("rpc.service", "Dapr");
            self.set("db.system", BINDINGS);
            self.set("db.connection_string", url.to_owned());
        }
    }

    fn database(&self, system: &'static str, name: &str, statement: String) {
        self.set("db.system", system);
        self.set("db.connection_string", system);
        self.set("db.name", name.to_owned());
        self.set("db.statement", statement);
    }

    fn topic(&self, topic: &str) {
        self.set("messaging.system", PUBSUB);
        self.set("messaging.destination.name", topic.to_owned());
    }

    fn invocation(&self, app_id: &str, method: &str) {
        self.set("rpc.service", "ServiceInvocation");
        self.set("net.peer.name", app_id.to_owned());
        self.rename(&format!("CallLocal/{app_id}/{method}"));
    }
}
