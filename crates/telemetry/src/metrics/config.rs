//! What a runtime wants of its metrics, as plain data. The runtime fills it from its flags and from
//! `spec.metric` of the Configuration resource.

/// Settings of one [`super::Metrics`].
#[derive(Debug, Clone)]
pub struct MetricsConfig {
    /// When false nothing is recorded, and recording costs one branch.
    pub enabled: bool,
    /// Label `app_id` of every series.
    pub app_id: String,
    /// Label `namespace` where a metric has it.
    pub namespace: String,
    /// `spec.metric.latencyDistributionBuckets`, in milliseconds; empty for the default list.
    pub latency_buckets: Vec<u64>,
    /// `spec.metric.http`
    pub http: HttpMetricsConfig,
    /// `spec.metric.recordErrorCodes`
    pub record_error_codes: bool,
    /// `spec.metric.rules`
    pub rules: Vec<MetricRule>,
}

impl Default for MetricsConfig {
    fn default() -> Self {
        MetricsConfig {
            enabled: true,
            app_id: String::new(),
            namespace: String::new(),
            latency_buckets: Vec::new(),
            http: HttpMetricsConfig::default(),
            record_error_codes: false,
            rules: Vec::new(),
        }
    }
}

/// How HTTP requests become label values.
#[derive(Debug, Clone)]
pub struct HttpMetricsConfig {
    /// True keeps the request path with ids replaced; false keeps only paths that `path_matching` names.
    pub increased_cardinality: bool,
    /// Path patterns in the style of Go's ServeMux, such as `/orders/{id}`.
    pub path_matching: Vec<String>,
    /// Leaves the label `method` empty.
    pub exclude_verbs: bool,
}

impl Default for HttpMetricsConfig {
    fn default() -> Self {
        HttpMetricsConfig { increased_cardinality: true, path_matching: Vec::new(), exclude_verbs: false }
    }
}

/// Rewrites label values of one metric.
#[derive(Debug, Clone)]
pub struct MetricRule {
    /// With or without the prefix `dapr_`; `_`, `/` and `.` are the same here.
    pub name: String,
    /// Which labels, and how.
    pub labels: Vec<LabelRule>,
}

/// Rewrites one label.
#[derive(Debug, Clone)]
pub struct LabelRule {
    /// The label.
    pub name: String,
    /// Replacement text (`$1` for a group) and pattern, applied in this order.
    pub regex: Vec<(String, String)>,
}
