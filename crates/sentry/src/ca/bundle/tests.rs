//! Bundles that are good, and all the ways in which they are not.

use dapr_kit::clock::Clock;

use super::*;
use crate::ca::{Authority, Workload};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const SKEW: Duration = Duration::from_secs(900);

fn id() -> SpiffeId {
    sentry_id("example", "system").unwrap()
}

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn bundle() -> Bundle {
    generate(&id(), LIFE_OF_A_CA, SKEW, now(), None).unwrap()
}

fn read(bundle: &Bundle, at: Timestamp) -> Result<Bundle, BundleError> {
    let (anchors, chain) = (bundle.anchors_pem(now()), bundle.chain_pem());
    Bundle::read(anchors.as_bytes(), chain.as_bytes(), bundle.key.to_pem().as_bytes(), at)
}

#[test]
fn what_is_generated_is_accepted_and_says_who_made_it() {
    let bundle = bundle();
    let again = read(&bundle, now()).unwrap();
    assert_eq!((again.anchors[0].name.as_str(), again.anchors.len()), ("O=example", 1));
    assert_eq!(again.chain[0].name, "O=spiffe://example/ns/system/dapr-sentry");
    assert_eq!(again.not_after(), now() + LIFE_OF_A_CA);
    assert_eq!(again.chain[0].not_before, now() - SKEW);
    for kind in [KeyKind::P256, KeyKind::P384, KeyKind::P521, KeyKind::Rsa] {
        let key = PrivateKey::generate(kind).unwrap();
        let bundle = generate(&id(), DAY, SKEW, now(), Some(key)).unwrap();
        assert!(read(&bundle, now()).is_ok(), "{kind:?}");
    }
}

#[test]
fn comments_and_the_root_at_the_end_of_the_chain_are_dropped() {
    let bundle = bundle();
    let anchors = format!("# our root\n{}", bundle.anchors_pem(now()));
    let chain = format!("issuer:\n{}root:\n{}", bundle.chain_pem(), bundle.anchors_pem(now()));
    let again = Bundle::read(anchors.as_bytes(), chain.as_bytes(), bundle.key.to_pem().as_bytes(), now()).unwrap();
    assert_eq!((again.anchors_pem(now()), again.chain_pem()), (bundle.anchors_pem(now()), bundle.chain_pem()));
}

#[test]
fn an_issuer_under_an_intermediate_reaches_the_root() {
    let top = bundle();
    let key = PrivateKey::generate(KeyKind::P384).unwrap();
    // A name that no structure of fields would keep: two organisations.
    let twice = |name: &str| {
        let one = certificate::organization(name);
        let content = [&one[2..], &one[2..]].concat();
        [vec![0x30, u8::try_from(content.len()).unwrap()], content].concat()
    };
    let name = twice("shop");
    let signer = Signer { name: &top.chain[0].subject, key: &top.key, key_id: None };
    let der = certificate::issue(&signer, &name, None, key.public_key_info(), validity(now(), DAY, SKEW), &Use::Issuer);
    let leaf_issuer = Certificate::from_der(&der.unwrap()).unwrap();
    let chain = leaf_issuer.to_pem() + &top.chain_pem();
    let bundle =
        Bundle::read(top.anchors_pem(now()).as_bytes(), chain.as_bytes(), key.to_pem().as_bytes(), now()).unwrap();
    assert_eq!((bundle.chain.len(), bundle.not_after()), (2, now() + DAY));
    let authority = Authority::new(bundle, DAY, SKEW, Clock::manual(now().as_millisecond()));
    let workload = SpiffeId::new("public", "market", "shop").unwrap();
    let key = PrivateKey::generate(KeyKind::Ed25519).unwrap();
    let issued = authority
        .sign(&Workload { id: &workload, public_key_info: key.public_key_info(), dns: &[], images: None })
        .unwrap();
    let leaf = Certificate::from_der(&issued.chain[0]).unwrap();
    assert_eq!((&leaf.issuer, issued.chain.len()), (&name, 3));
    chain::is_signed_by(&leaf, &leaf_issuer).unwrap();
    // The intermediate alone does not lead to the root.
    let alone = Bundle::read(
        top.anchors_pem(now()).as_bytes(),
        leaf_issuer.to_pem().as_bytes(),
        key.to_pem().as_bytes(),
        now(),
    );
    assert!(matches!(alone, Err(BundleError::KeyMismatch)), "{alone:?}");
}

#[test]
fn a_certificate_never_outlives_its_issuer() {
    let clock = Clock::manual(now().as_millisecond());
    let bundle = generate(&id(), DAY, SKEW, now(), None).unwrap();
    let authority = Authority::new(bundle, DAY * 7, SKEW, clock.clone());
    let key = PrivateKey::generate(KeyKind::Ed25519).unwrap();
    let workload = Workload { id: &id(), public_key_info: key.public_key_info(), dns: &[], images: Some("[]") };
    let issued = authority.sign(&workload).unwrap();
    assert_eq!(issued.not_after, now() + DAY);
    assert_eq!(Certificate::from_der(&issued.chain[0]).unwrap().not_after, now() + DAY);
}

#[test]
fn what_is_out_of_date_or_of_somebody_else_is_refused() {
    let (one, other) = (bundle(), bundle());
    assert!(matches!(read(&one, now() + LIFE_OF_A_CA + DAY), Err(BundleError::Untrusted(_))));
    assert!(matches!(read(&one, now() - DAY), Err(BundleError::Untrusted(_))));
    let anchors = one.anchors_pem(now());
    let (chain, key) = (other.chain_pem(), other.key.to_pem());
    let mixed = |chain: &str, key: &str| Bundle::read(anchors.as_bytes(), chain.as_bytes(), key.as_bytes(), now());
    assert!(matches!(mixed(&chain, &key), Err(BundleError::Untrusted(_))));
    assert!(matches!(mixed(&one.chain_pem(), &key), Err(BundleError::KeyMismatch)));
    assert!(matches!(mixed("", &key), Err(BundleError::Chain(_))));
    assert!(matches!(mixed(&chain, ""), Err(BundleError::Key(KeyError::Missing))));
    let leaf_key = PrivateKey::generate(KeyKind::Ed25519).unwrap();
    let authority = Authority::new(one, DAY, SKEW, Clock::manual(now().as_millisecond()));
    let leaf = authority
        .sign(&Workload { id: &id(), public_key_info: leaf_key.public_key_info(), dns: &[], images: None })
        .unwrap();
    assert!(matches!(mixed(&leaf.to_pem(), &leaf_key.to_pem()), Err(BundleError::NotAnIssuer(_))));
}

#[test]
fn old_roots_stay_until_they_expire() {
    let old = generate(&id(), DAY, SKEW, now(), None).unwrap();
    let mut new = bundle();
    new.keep_anchors(&old.anchors, now());
    new.keep_anchors(&old.anchors, now());
    assert_eq!(new.anchors.len(), 2);
    let count = |at: Timestamp| new.anchors_pem(at).matches("BEGIN CERTIFICATE").count();
    assert_eq!((count(now()), count(now() + DAY * 2)), (2, 1));
    let mut later = bundle();
    later.keep_anchors(&old.anchors, now() + DAY * 2);
    assert_eq!(later.anchors.len(), 1);
}
