//! The process's own metrics, under the names that Prometheus's clients share.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;

#[derive(Debug)]
pub(super) struct ProcessCollector;

impl Collector for ProcessCollector {
    #[cfg(not(target_os = "linux"))]
    fn encode(&self, _: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        Ok(())
    }

    #[cfg(target_os = "linux")]
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        use prometheus_client::encoding::EncodeMetric as _;
        use prometheus_client::metrics::MetricType;
        use prometheus_client::metrics::counter::ConstCounter;
        use prometheus_client::metrics::gauge::ConstGauge;

        let Ok(stat) = procfs::process::Process::myself().and_then(|me| me.stat()) else {
            return Ok(());
        };
        let ticks = procfs::ticks_per_second() as f64;
        let page = procfs::page_size() as f64;
        let cpu = ConstCounter::new((stat.utime + stat.stime) as f64 / ticks);
        cpu.encode(encoder.encode_descriptor(
            "process_cpu_seconds",
            "User and system CPU time",
            None,
            MetricType::Counter,
        )?)?;
        let mut gauge = |name, help, value: f64| {
            ConstGauge::new(value).encode(encoder.encode_descriptor(
                name,
                help,
                None,
                MetricType::Gauge,
            )?)
        };
        gauge("process_resident_memory_bytes", "Resident memory", stat.rss as f64 * page)?;
        gauge("process_virtual_memory_bytes", "Virtual memory", stat.vsize as f64)?;
        gauge("process_threads", "Threads", stat.num_threads as f64)?;
        if let Ok(open) = procfs::process::Process::myself().and_then(|me| me.fd_count()) {
            gauge("process_open_fds", "Open file descriptors", open as f64)?;
        }
        if let Ok(boot) = procfs::boot_time_secs() {
            let began = boot as f64 + stat.starttime as f64 / ticks;
            gauge("process_start_time_seconds", "When the process began, since the epoch", began)?;
        }
        Ok(())
    }
}
