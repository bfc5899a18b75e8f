//! Streams of an application.

use dapr_pubsub::{Source, StreamSubscription};
use dapr_resources::subscription::SubscriptionSpec;

use crate::application::{Answer, Application};
use crate::setup::{BROKER, Setup, declared, within};

const SUCCESS: i32 = 0;
const RETRY: i32 = 1;
const DROP: i32 = 2;

fn spec(topic: &str) -> SubscriptionSpec {
    SubscriptionSpec { pubsubname: BROKER.into(), topic: topic.into(), ..SubscriptionSpec::default() }
}

async fn next(stream: &mut StreamSubscription) -> dapr_proto::runtime::v1::TopicEventRequest {
    within(stream.next()).await.expect("the stream has ended")
}

#[tokio::test]
async fn each_stream_gets_all_events_beside_the_application() {
    let app = Application::start(|_, _| Answer::ok()).await;
    let setup = Setup::with_retries(&app, 5).await;
    setup.open(vec![declared("orders", "/orders")]).await;
    let mut first = setup.subscriptions.open_stream(spec("orders")).await.unwrap();
    let mut second = setup.subscriptions.open_stream(spec("orders")).await.unwrap();
    let sources: Vec<Source> = setup.subscriptions.list().iter().map(|one| one.source).collect();
    assert_eq!(sources, [Source::Declarative, Source::Streaming, Source::Streaming]);
    setup.publish("orders", "1", &[]).await;
    assert_eq!(app.requests(1).await[0].path, "/orders");
    let event = next(&mut first).await;
    assert_eq!((event.data.as_ref(), event.path.as_str()), (&b"1"[..], "/"));
    assert!(first.answers().processed(&event.id, RETRY));
    assert_eq!(next(&mut first).await, event, "it comes again");
    assert!(first.answers().processed(&event.id, SUCCESS));
    assert!(!first.answers().processed(&event.id, SUCCESS), "nobody waits any more");
    assert_eq!(next(&mut second).await.id, event.id);
    assert!(second.answers().processed(&event.id, SUCCESS));
    drop(second);
    assert_eq!(setup.subscriptions.list().len(), 2);
    setup.publish("orders", "2", &[]).await;
    let event = next(&mut first).await;
    assert!(first.answers().processed(&event.id, SUCCESS));
    setup.stop().await;
    assert!(within(first.next()).await.is_none(), "the end is told");
}

#[tokio::test]
async fn a_stream_needs_no_application_and_drops_into_its_dead_letter_topic() {
    let app = Application::start(|_, _| Answer::ok()).await;
    let setup = Setup::new(&app).await;
    let mut orders = spec("orders");
    orders.dead_letter_topic = "dead".into();
    let mut stream = setup.subscriptions.open_stream(orders).await.unwrap();
    let mut dead = setup.subscriptions.open_stream(spec("dead")).await.unwrap();
    setup.publish("orders", "1", &[]).await;
    let event = next(&mut stream).await;
    assert!(stream.answers().processed(&event.id, DROP));
    assert_eq!(next(&mut dead).await.id, event.id);
    within(setup.subscriptions.set_app_ready(false)).await;
    setup.publish("orders", "2", &[]).await;
    assert_eq!(next(&mut stream).await.data, "2");
}

#[tokio::test]
async fn what_is_with_a_stream_is_waited_for_at_the_end() {
    let app = Application::start(|_, _| Answer::ok()).await;
    let setup = Setup::new(&app).await;
    let mut stream = setup.subscriptions.open_stream(spec("orders")).await.unwrap();
    setup.publish("orders", "1", &[]).await;
    let event = next(&mut stream).await;
    let answers = stream.answers();
    let answering = async {
        setup.subscriptions.stopping().await;
        assert!(answers.processed(&event.id, SUCCESS));
    };
    tokio::join!(setup.stop(), answering);
    assert!(within(stream.next()).await.is_none());
    let late = setup.subscriptions.open_stream(spec("orders")).await;
    assert!(late.err().unwrap().message().contains("subscriber is closed"));
}

#[tokio::test]
async fn a_stream_that_cannot_be_is_refused() {
    let app = Application::start(|_, _| Answer::ok()).await;
    let setup = Setup::with_metadata(&app, &[("subscriptionScopes", "app=a")]).await;
    let refused = |spec| async { setup.subscriptions.open_stream(spec).await.err().expect("it is open") };
    let unknown = refused(SubscriptionSpec { pubsubname: "other".into(), ..spec("a") }).await;
    assert_eq!(unknown.message(), "pubsub other is not found");
    let forbidden = refused(spec("b")).await;
    assert!(forbidden.message().contains("subscription to topic 'b' on pubsub 'broker' is not allowed"));
    setup.brokers.ready(BROKER).unwrap().component().close().await;
    let closed = refused(spec("a")).await;
    assert!(closed.message().contains("failed to create subscription for broker"), "{}", closed.message());
    assert!(setup.subscriptions.list().is_empty());
}
