//! State stores on PostgreSQL.
//!
//! Two table layouts, both the incumbent's, so that data moves both ways: [`v1`] (`jsonb`, ETag from the row's
//! transaction or, on CockroachDB, a counter) and [`v2`] (`bytea`, random ETag). The layouts make statements and read
//! rows; [`store`] runs them the same way for both.

mod cleanup;
mod metadata;
mod migrations;
mod query;
mod row_id;
mod rows;
mod statements;
mod store;
mod v1;
mod v2;

use std::sync::Arc;

use async_trait::async_trait;
use dapr_spi::state::StateStore;
use dapr_spi::{Context, Factory, Result};

use self::metadata::{Checked, MetadataV1, MetadataV2};

/// `state.postgresql` v1.
pub struct V1;

/// `state.postgresql`, `state.cockroachdb` and `state.yugabytedb` v2.
pub struct V2;

/// `state.cockroachdb` v1.
pub struct CockroachV1;

#[async_trait]
impl Factory for V1 {
    type Metadata = MetadataV1;
    type Valid = Checked;
    type Component = dyn StateStore;

    fn validate(metadata: MetadataV1) -> Result<Checked> {
        metadata.check()
    }

    async fn init(valid: Checked, _: Context) -> Result<Arc<dyn StateStore>> {
        let layout = v1::Layout::new(valid.table.clone(), v1::Dialect::PostgreSql);
        Ok(Arc::new(store::Store::open(valid, layout).await?))
    }
}

#[async_trait]
impl Factory for CockroachV1 {
    type Metadata = MetadataV1;
    type Valid = Checked;
    type Component = dyn StateStore;

    fn validate(metadata: MetadataV1) -> Result<Checked> {
        metadata.check()
    }

    async fn init(valid: Checked, _: Context) -> Result<Arc<dyn StateStore>> {
        let layout = v1::Layout::new(valid.table.clone(), v1::Dialect::CockroachDb);
        Ok(Arc::new(store::Store::open(valid, layout).await?))
    }
}

#[async_trait]
impl Factory for V2 {
    type Metadata = MetadataV2;
    type Valid = Checked;
    type Component = dyn StateStore;

    fn validate(metadata: MetadataV2) -> Result<Checked> {
        metadata.check()
    }

    async fn init(valid: Checked, _: Context) -> Result<Arc<dyn StateStore>> {
        let layout = v2::Layout::new(valid.table.clone());
        Ok(Arc::new(store::Store::open(valid, layout).await?))
    }
}
