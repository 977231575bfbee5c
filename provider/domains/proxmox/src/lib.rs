//! Proxmox VE: typed API client, resources and data sources.

pub mod api;
