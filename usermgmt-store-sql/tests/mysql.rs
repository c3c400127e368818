//! The store on MySQL.
