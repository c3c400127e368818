//! Databases that speak MongoDB's protocol without what accounts need of it.

use mongodb::options::{ConnectionString, HostInfo, ServerAddress};

use crate::error::ConnectError;

struct Provider {
    name: &'static str,
    /// How its hosts end.
    hosts: &'static [&'static str],
    lacks: &'static str,
}

/// By what their makers document; none of them was tried.
const PROVIDERS: [Provider; 2] = [
    Provider {
        name: "Amazon DocumentDB",
        hosts: &[".docdb.amazonaws.com", ".docdb.amazonaws.com.cn", ".docdb-elastic.amazonaws.com"],
        lacks: "retryable writes: a write whose answer is lost must not be made twice",
    },
    Provider {
        name: "Azure Cosmos DB",
        hosts: &[".cosmos.azure.com", ".cosmos.azure.us", ".cosmos.azure.cn"],
        lacks: "retryable writes and, in its request-unit form, transactions over several \
                collections: an account's changes come together or not at all",
    },
];

/// Says it before the first write does so in the words of a driver.
pub(crate) fn refuse(url: &ConnectionString) -> Result<(), ConnectError> {
    let hosts: Vec<&str> = match &url.host_info {
        HostInfo::HostIdentifiers(addresses) => addresses.iter().filter_map(host).collect(),
        HostInfo::DnsRecord(name) => vec![name],
        _ => Vec::new(),
    };
    for Provider { name, hosts: ends, lacks } in PROVIDERS {
        let is_of = |host: &&str| {
            let host = host.trim_end_matches('.').to_ascii_lowercase();
            ends.iter().any(|end| host.ends_with(end))
        };
        if hosts.iter().any(is_of) {
            return Err(ConnectError::Provider { name, lacks });
        }
    }
    Ok(())
}

fn host(address: &ServerAddress) -> Option<&str> {
    match address {
        ServerAddress::Tcp { host, .. } => Some(host),
        _ => None,
    }
}
