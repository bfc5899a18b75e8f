//! `secretstores.local.env` reads the environment of the process.

use std::collections::HashMap;

use dapr_component_local::env::LocalEnv;
use dapr_spi::registry;

#[tokio::test]
async fn the_environment_is_read() {
    let path = std::env::var("PATH").expect("PATH");
    let all = registry::open::<LocalEnv>(&[]).await.expect("a store");
    assert_eq!(all.get("PATH", &HashMap::new()).await.expect("get")["PATH"], path);
    let some = registry::open::<LocalEnv>(&[("prefix", "PA")]).await.expect("a store");
    assert_eq!(some.get("TH", &HashMap::new()).await.expect("get")["TH"], path);
    let bulk = some.bulk_get(&HashMap::new()).await.expect("bulk get");
    assert_eq!(bulk["TH"]["TH"], path);
    assert!(!bulk.contains_key("PATH"));
}
