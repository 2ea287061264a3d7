//! On PostgreSQL identities lie in a schema of their own: the service's role may add to it and nothing else. Whoever reads
//! them takes on the role `fieldreport_identity` for one transaction.

use sea_orm::{ConnectionTrait as _, DbBackend};
use sea_orm_migration::prelude::*;

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261129_100000_identity_schema"
    }
}

const SCHEMA: &str = "
CREATE SCHEMA identity;
ALTER TABLE public.identities SET SCHEMA identity;
REVOKE ALL ON SCHEMA identity FROM PUBLIC;
REVOKE ALL ON identity.identities FROM PUBLIC;
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'fieldreport_intake') THEN
        REVOKE ALL ON identity.identities FROM fieldreport_intake;
        GRANT USAGE ON SCHEMA identity TO fieldreport_intake;
        GRANT INSERT ON identity.identities TO fieldreport_intake;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'fieldreport_identity') THEN
        GRANT USAGE ON SCHEMA identity TO fieldreport_identity;
        GRANT SELECT, UPDATE, DELETE ON identity.identities TO fieldreport_identity;
    END IF;
END
$$;
";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Postgres {
            manager.get_connection().execute_unprepared(SCHEMA).await?;
        }
        Ok(())
    }
}
