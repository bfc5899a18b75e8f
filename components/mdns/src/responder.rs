//! Answers for our own sidecars, hears of others, and follows the machine's networks as they come and go.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use dapr_kit::task::{self, Task};
use dapr_spi::{ErrorKind, Result};
use simple_dns::{Packet, PacketFlag};
use tokio::net::UdpSocket;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::cache::Cache;
use crate::links::{self, Link, Place};
use crate::message::{self, Service};

/// How often the list of interfaces is looked at; it takes microseconds.
const LOOK_AROUND: Duration = Duration::from_secs(10);
/// The longest message of multicast DNS (RFC 6762, 17).
const MAX_MESSAGE: usize = 9_000;
/// Answers of one second, so that nobody can make us flood the network.
const ANSWERS_PER_SECOND: u32 = 200;

pub(crate) struct Responder {
    own: Mutex<Vec<Service>>,
    cache: Mutex<Cache>,
    links: Mutex<BTreeMap<Place, Open>>,
    answers: Mutex<(Option<Instant>, u32)>,
    looking_around: Mutex<Option<Task<()>>>,
}

struct Open {
    link: Link,
    _listening: Task<()>,
}

impl Responder {
    /// Opens a socket on each network; networks that come later are joined then.
    pub(crate) fn start() -> Result<Arc<Self>> {
        let responder = Arc::new(Self {
            own: Mutex::default(),
            cache: Mutex::default(),
            links: Mutex::default(),
            answers: Mutex::default(),
            looking_around: Mutex::default(),
        });
        let problems = responder.look_around();
        if lock(&responder.links).is_empty()
            && let Some((place, error)) = problems.into_iter().next()
        {
            let what = format!("cannot use multicast DNS (UDP port 5353) on `{}`", place.address);
            return Err(dapr_spi::Error::from_source(ErrorKind::Failed, &what, error));
        }
        let weak = Arc::downgrade(&responder);
        *lock(&responder.looking_around) = Some(task::spawn("nameresolution.mdns networks", look_around(weak)));
        Ok(responder)
    }

    /// Opens sockets on new networks, announces our sidecars there, and closes those of networks that are gone. Answers
    /// what could not be opened.
    fn look_around(self: &Arc<Self>) -> Vec<(Place, std::io::Error)> {
        let places = match links::places() {
            Ok(places) => places,
            Err(error) => {
                tracing::warn!("nameresolution.mdns: cannot list the network interfaces: {error}");
                return Vec::new();
            }
        };
        let announcements: Vec<Vec<u8>> = lock(&self.own).iter().map(Service::announcement).collect();
        let mut problems = Vec::new();
        let mut links = lock(&self.links);
        links.retain(|place, _| places.contains(place));
        for place in places {
            if links.contains_key(&place) {
                continue;
            }
            match self.open(place) {
                Ok(open) => {
                    announcements.iter().for_each(|message| send(place, &open.link, message));
                    links.insert(place, open);
                }
                Err(error) => {
                    tracing::debug!("nameresolution.mdns: no multicast on `{}`: {error}", place.address);
                    problems.push((place, error));
                }
            }
        }
        problems
    }

    fn open(self: &Arc<Self>, place: Place) -> std::io::Result<Open> {
        let link = Link::open(place)?;
        let listening = listen(Arc::downgrade(self), place, link.listener()?);
        Ok(Open { link, _listening: task::spawn("nameresolution.mdns", listening) })
    }

    /// Makes a sidecar known.
    pub(crate) fn publish(&self, service: Service) {
        let message = service.announcement();
        let mut own = lock(&self.own);
        if !own.contains(&service) {
            own.push(service);
        }
        drop(own);
        self.send(&message);
    }

    /// Makes all of ours known again.
    pub(crate) fn announce(&self) {
        let messages: Vec<Vec<u8>> = lock(&self.own).iter().map(Service::announcement).collect();
        messages.iter().for_each(|message| self.send(message));
    }

    /// Says goodbye for all of ours, twice since one may be lost.
    pub(crate) fn withdraw(&self) {
        let own = std::mem::take(&mut *lock(&self.own));
        let messages: Vec<Vec<u8>> = own.iter().map(Service::goodbye).collect();
        messages.iter().chain(&messages).for_each(|message| self.send(message));
        lock(&self.looking_around).take();
    }

    /// From now on sidecars of this app are remembered; the answer tells when there is news.
    pub(crate) fn watch(&self, app_id: &str) -> Arc<Notify> {
        lock(&self.cache).watch(app_id)
    }

    /// Asks the network, unless that was done just now.
    pub(crate) fn ask(&self, app_id: &str) -> Result<()> {
        let message = message::question(app_id)?;
        if lock(&self.cache).take_turn(app_id) {
            self.send(&message);
        }
        Ok(())
    }

    pub(crate) fn addresses(&self, app_id: &str) -> Vec<String> {
        lock(&self.cache).addresses(app_id)
    }

    fn send(&self, message: &[u8]) {
        for (place, open) in lock(&self.links).iter() {
            send(*place, &open.link, message);
        }
    }

    fn hear(&self, place: Place, message: &[u8]) {
        let Some(packet) = message::parse(message) else { return };
        if packet.has_flags(PacketFlag::RESPONSE) {
            self.learn(&packet, place.index);
        } else {
            self.answer(place, &packet);
        }
    }

    fn learn(&self, packet: &Packet<'_>, scope: u32) {
        let mut cache = lock(&self.cache);
        let sightings = message::sightings(packet, scope, |app_id| cache.is_watched(app_id));
        sightings.into_iter().for_each(|sighting| cache.note(sighting));
    }

    fn answer(&self, place: Place, query: &Packet<'_>) {
        // A message with authority records announces names, and asks nobody but those who hold them already.
        if query.questions.is_empty() || !query.name_servers.is_empty() {
            return;
        }
        let answers: Vec<Vec<u8>> = lock(&self.own).iter().filter_map(|service| service.answer(query)).collect();
        let links = lock(&self.links);
        let Some(open) = links.get(&place) else { return };
        answers.iter().filter(|_| self.may_answer()).for_each(|answer| send(place, &open.link, answer));
    }

    fn may_answer(&self) -> bool {
        let mut answers = lock(&self.answers);
        let now = Instant::now();
        if answers.0.is_none_or(|since| now.duration_since(since) >= Duration::from_secs(1)) {
            *answers = (Some(now), 0);
        }
        answers.1 += 1;
        answers.1 <= ANSWERS_PER_SECOND
    }
}

fn send(place: Place, link: &Link, message: &[u8]) {
    if let Err(error) = link.send(message) {
        tracing::debug!("nameresolution.mdns: cannot send on `{}`: {error}", place.address);
    }
}

async fn look_around(responder: Weak<Responder>) {
    loop {
        tokio::time::sleep(LOOK_AROUND).await;
        let Some(responder) = responder.upgrade() else { return };
        responder.look_around();
    }
}

async fn listen(responder: Weak<Responder>, place: Place, socket: UdpSocket) {
    let mut buffer = vec![0; MAX_MESSAGE];
    loop {
        match socket.recv(&mut buffer).await {
            Ok(length) => {
                let Some(responder) = responder.upgrade() else { return };
                responder.hear(place, &buffer[..length]);
            }
            Err(error) => {
                tracing::debug!("nameresolution.mdns: cannot receive on `{}`: {error}", place.address);
                // An interface that went down; the next look around closes this socket.
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
