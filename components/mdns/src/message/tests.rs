//! Our records as a Go sidecar reads them, and messages of any bytes.

use proptest::prelude::*;

use super::*;

fn service(app_id: &str, address: &str) -> Service {
    Service::new(app_id, address.parse().expect("an address"), 50_002).expect("a service")
}

fn seen(message: &[u8], app_id: &str) -> Vec<Sighting> {
    sightings(&parse(message).expect("a message"), 7, |wanted| wanted == app_id)
}

fn answer_to(service: &Service, question: &[u8]) -> Option<Vec<u8>> {
    service.answer(&parse(question).expect("a question"))
}

#[test]
fn an_announcement_is_seen_by_those_who_want_the_app() {
    for (address, text) in
        [("10.0.0.5", "10.0.0.5:50002"), ("fd00::5", "[fd00::5]:50002"), ("fe80::5", "[fe80::5%7]:50002")]
    {
        let service = service("orders", address);
        let found = seen(&service.announcement(), "orders");
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].address.as_deref(), found[0].ttl), (Some(text), TTL));
        assert!(seen(&service.announcement(), "other").is_empty());
        let goodbye = seen(&service.goodbye(), "orders");
        assert_eq!((goodbye[0].address.as_deref(), &goodbye[0].instance), (None, &found[0].instance));
    }
}

#[test]
fn a_question_is_answered_by_the_app_it_names() {
    let service = service("my.orders", "10.0.0.5");
    let asked = question("my.orders").expect("a question");
    let answer = answer_to(&service, &asked).expect("an answer");
    assert_eq!(seen(&answer, "my.orders")[0].address.as_deref(), Some("10.0.0.5:50002"));
    assert!(answer_to(&service, &question("orders").expect("a question")).is_none());

    let mut known = parse(&asked).expect("a message").clone();
    known.answers.push(service.pointer(TTL));
    assert!(service.answer(&known).is_none(), "the asker knows it already");
    known.answers = vec![service.pointer(TTL / 4)];
    assert!(service.answer(&known).is_some(), "but not for long");
}

#[test]
fn browsers_of_types_and_instances_are_answered() {
    let service = service("orders", "10.0.0.5");
    let ask = |name: &Name<'_>, kind| {
        let mut packet = Packet::new_query(0);
        packet.questions.push(Question::new(name.clone(), QTYPE::TYPE(kind), QCLASS::CLASS(CLASS::IN), false));
        service.answer(&packet)
    };
    assert!(ask(&Name::new_unchecked(SERVICE_TYPES), TYPE::PTR).is_some());
    let instance = ask(&service.instance, TYPE::SRV).expect("an answer");
    assert_eq!(seen(&instance, "orders").len(), 1);
    assert!(ask(&service.host, TYPE::A).is_some());
    assert!(ask(&service.host, TYPE::TXT).is_none());
}

/// As grandcat/zeroconf sends it: pointer as answer, the rest as additional records, instance `host:pid`.
#[test]
fn a_go_sidecar_is_understood() {
    let name = |text: &'static str| Name::new_unchecked(text);
    let build = |text: &str, ttl| {
        let mut packet = response();
        let instance = name("box:4711.go-app.local");
        packet.answers.push(record(&name("go-app.local"), ttl, RData::PTR(PTR(instance.clone()))));
        let srv = SRV { priority: 0, weight: 0, port: 3_599, target: name("box.local") };
        packet.additional_records.push(record(&instance, ttl, RData::SRV(srv)));
        let text = TXT::new().with_string(text).expect("a text").into_owned();
        packet.additional_records.push(record(&instance, ttl, RData::TXT(text)));
        let address = RData::A(A { address: Ipv4Addr::new(192, 0, 2, 2).to_bits() });
        packet.additional_records.push(record(&name("box.local"), 120, address));
        bytes(&packet)
    };
    let expected = Sighting {
        app_id: "go-app".into(),
        instance: "box:4711.go-app.local".into(),
        address: Some("192.0.2.2:3599".into()),
        ttl: 3_200,
    };
    assert_eq!(seen(&build("go-app", 3_200), "go-app"), [expected]);
    assert!(seen(&build("victim", 3_200), "victim").is_empty(), "the text must be the type's");
}

#[test]
fn ids_that_dns_cannot_name_are_refused() {
    for id in ["", "a\\b", &"x".repeat(64), "a..b", ".a", "=a"] {
        assert!(question(id).is_err(), "{id}");
    }
    assert!(question("über-app").is_ok());
}

#[test]
fn a_head_that_promises_too_much_is_refused() {
    let mut message = question("a").expect("a question");
    message[6..8].copy_from_slice(&[0xff, 0xff]);
    assert!(parse(&message).is_none());
    assert!(parse(&message[..11]).is_none());
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(message in proptest::collection::vec(any::<u8>(), 0..600)) {
        if let Some(packet) = parse(&message) {
            let _ = sightings(&packet, 0, |_| true);
            let _ = service("a", "::1").answer(&packet);
        }
    }

    #[test]
    fn damaged_messages_are_read_without_panic(at in 0_usize..400, byte in any::<u8>(), cut in 0_usize..400) {
        for mut message in [service("orders", "10.0.0.5").announcement(), question("orders").expect("a question")] {
            let (at, cut) = (at % message.len(), cut % message.len());
            message[at] = byte;
            for message in [&message[..], &message[..cut]] {
                if let Some(packet) = parse(message) {
                    let _ = sightings(&packet, 0, |_| true);
                    let _ = service("orders", "::1").answer(&packet);
                }
            }
        }
    }

    #[test]
    fn texts_of_any_bytes_are_read(text in proptest::collection::vec(any::<u8>(), 1..255)) {
        let mut data = TXT::new();
        if let Ok(text) = simple_dns::CharacterString::new(&text) {
            data.add_char_string(text);
        }
        let name = Name::new_unchecked("i.a.local");
        let read = text_of(&record(&name, 1, RData::TXT(data)), &name);
        let expected = String::from_utf8(text).ok().filter(|text| !text.starts_with('='));
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn every_id_that_can_be_asked_for_is_found(id in "[a-zA-Z0-9=._-]{1,40}") {
        let service = Service::new(&id, IpAddr::V6(Ipv6Addr::LOCALHOST), 1);
        prop_assert_eq!(question(&id).is_ok(), service.is_ok());
        if let (Ok(asked), Ok(service)) = (question(&id), service) {
            let answer = answer_to(&service, &asked).expect("an answer");
            let found = seen(&answer, &id);
            prop_assert_eq!(found[0].address.as_deref(), Some("[::1]:1"));
        }
    }
}
