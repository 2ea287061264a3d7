//! Photos and videos, whole or still arriving; the bytes are in the object store.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "media")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub owner: Vec<u8>,
    pub content_type: String,
    pub size: i64,
    pub sha256: Vec<u8>,
    pub received: i64,
    pub ready: bool,
    pub public_copy: bool,
    pub image_hash: i64,
    pub create_time: i64,
    pub update_time: i64,
    pub stream: Uuid,
}

impl ActiveModelBehavior for ActiveModel {}
