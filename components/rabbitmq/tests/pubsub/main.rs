//! `pubsub.rabbitmq` on a real RabbitMQ.

#![cfg(test)]

mod conformance;
mod errors;
mod letters;
mod measure;
mod servers;
mod tls;
mod wire;
