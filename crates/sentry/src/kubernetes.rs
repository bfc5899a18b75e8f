//! The few calls that Sentry makes to the Kubernetes API server: plain JSON over HTTPS.
//!
//! No client library: six requests do not pay for one, and the list with a field selector keeps no cache of every pod of
//! the cluster in memory.

mod access;
mod client;
mod trust_bundle;

pub(crate) use access::Access;
pub(crate) use client::{ApiError, Client};
pub(crate) use trust_bundle::TrustBundle;

/// The domain of the cluster's services, such as `cluster.local`, as the resolver's configuration of a pod tells it.
pub(crate) fn cluster_domain(resolv_conf: &str) -> Option<String> {
    let searched = resolv_conf.lines().filter_map(|line| line.trim().strip_prefix("search"));
    let domains: Vec<&str> = searched.flat_map(str::split_ascii_whitespace).collect();
    domains.iter().find_map(|domain| domain.strip_prefix("svc.")).map(|domain| domain.trim_end_matches('.').to_owned())
}

#[cfg(test)]
mod tests {
    use super::cluster_domain;

    #[test]
    fn the_search_list_of_a_pod_names_the_cluster() {
        let pod =
            "nameserver 10.0.0.1\nsearch dapr-system.svc.k8s.example svc.k8s.example k8s.example\noptions ndots:5\n";
        assert_eq!(cluster_domain(pod).as_deref(), Some("k8s.example"));
        assert_eq!(cluster_domain("nameserver 10.0.0.1\nsearch example.com\n"), None);
    }
}
