//! `dapr annotate`: parsed; waits for Kubernetes.

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A file, a directory, a URL, or - for standard input
    config_file: String,
    #[arg(short, long)]
    kubernetes: bool,
    #[arg(short, long)]
    resource: Option<String>,
    #[arg(short, long)]
    namespace: Option<String>,
    #[arg(short, long)]
    app_id: Option<String>,
    #[arg(short = 'p', long, default_value_t = -1)]
    app_port: i32,
    #[arg(short, long)]
    config: Option<String>,
    #[arg(long)]
    app_protocol: Option<String>,
    #[arg(long)]
    enable_profile: bool,
    #[arg(long)]
    log_level: Option<String>,
    #[arg(long)]
    api_token_secret: Option<String>,
    #[arg(long)]
    app_token_secret: Option<String>,
    #[arg(long, default_value_t = -1)]
    app_max_concurrency: i32,
    #[arg(long)]
    enable_metrics: bool,
    #[arg(long, default_value_t = -1)]
    metrics_port: i32,
    #[arg(long)]
    enable_debug: bool,
    #[arg(long)]
    env: Option<String>,
    #[arg(long)]
    cpu_limit: Option<String>,
    #[arg(long)]
    memory_limit: Option<String>,
    #[arg(long)]
    cpu_request: Option<String>,
    #[arg(long)]
    memory_request: Option<String>,
    #[arg(long)]
    listen_addresses: Option<String>,
    #[arg(long, default_value_t = -1)]
    liveness_probe_delay: i32,
    #[arg(long, default_value_t = -1)]
    liveness_probe_timeout: i32,
    #[arg(long, default_value_t = -1)]
    liveness_probe_period: i32,
    #[arg(long, default_value_t = -1)]
    liveness_probe_threshold: i32,
    #[arg(long, default_value_t = -1)]
    readiness_probe_delay: i32,
    #[arg(long, default_value_t = -1)]
    readiness_probe_timeout: i32,
    #[arg(long, default_value_t = -1)]
    readiness_probe_period: i32,
    #[arg(long, default_value_t = -1)]
    readiness_probe_threshold: i32,
    #[arg(long)]
    dapr_image: Option<String>,
    #[arg(long, hide = true)]
    app_ssl: bool,
    #[arg(long, default_value = "4Mi")]
    max_body_size: String,
    #[arg(long, default_value = "4Ki")]
    read_buffer_size: String,
    #[arg(long)]
    http_stream_request_body: bool,
    #[arg(long, default_value_t = -1)]
    graceful_shutdown_seconds: i32,
    #[arg(long)]
    enable_api_logging: bool,
    #[arg(long)]
    unix_domain_socket_path: Option<String>,
    #[arg(long)]
    volume_mounts: Option<String>,
    #[arg(long)]
    volume_mounts_rw: Option<String>,
    #[arg(long)]
    disable_builtin_k8s_secret_store: bool,
    #[arg(long)]
    placement_host_address: Option<String>,
}
