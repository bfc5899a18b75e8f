//! `pubsub.rabbitmq` on a real RabbitMQ.

mod conformance;
mod errors;
mod letters;
mod measure;
mod servers;
mod tls;
mod wire;
