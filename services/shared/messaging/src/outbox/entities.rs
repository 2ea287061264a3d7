//! The rows of the outbox: events, which of them wait, and the number of each report's last one.

#[expect(
    clippy::disallowed_methods,
    reason = "`sea_orm::model` writes a `begin()` of its own that nobody calls"
)]
pub(super) mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "outbox")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub seq: i64,
        pub event_id: Uuid,
        pub event_type: String,
        pub report_id: Uuid,
        pub sequence: i64,
        pub time: i64,
        pub cause_id: Option<Uuid>,
        pub traceparent: Option<String>,
        pub body: Vec<u8>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The events that wait.
#[expect(
    clippy::disallowed_methods,
    reason = "`sea_orm::model` writes a `begin()` of its own that nobody calls"
)]
pub(super) mod waiting {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "outbox_waiting")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub seq: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

#[expect(
    clippy::disallowed_methods,
    reason = "`sea_orm::model` writes a `begin()` of its own that nobody calls"
)]
pub(super) mod sequence {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "event_sequences")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub report_id: Uuid,
        pub last: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
