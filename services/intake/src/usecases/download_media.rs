//! Hands out photos and videos: the original to its owner, the copy without metadata to everyone else who may see it.

use auth::{Caller, Role};
use bytes::Bytes;
use vocabulary::{ErrorCode, MediaId, Problem};

use crate::domain::media::{Media, Part};
use crate::domain::visibility::{Sight, sight};
use crate::store::{media, reports};
use crate::{Error, Intake};

/// What is sent.
pub enum Download {
    /// The copy, as `image/jpeg`.
    Copy(Bytes),
    /// The parts of the original and their type.
    Original {
        /// Its type.
        content_type: String,
        /// In order.
        parts: Vec<Part>,
    },
}

/// A medium the caller may know of, and whether it is theirs.
pub async fn find_visible_media(
    intake: &Intake,
    caller: &Caller,
    id: MediaId,
) -> Result<(Media, bool), Error> {
    let db = intake.outbox.database().read();
    let medium = media::find(db, id).await?.ok_or_else(Problem::denied)?;
    let owner = intake.platform.reporters.owner(caller.subject());
    if medium.owner == owner {
        return Ok((medium, true));
    }
    let link = media::links_of(db, vec![id.0]).await?.into_iter().next().ok_or_else(Problem::denied)?;
    let report = reports::find(db, link.report).await?.ok_or_else(Problem::denied)?;
    let shown = match sight(caller, &owner, &report) {
        Sight::Nothing => false,
        Sight::Public => link.evidence || report.publication_consent,
        Sight::Reporter => true,
        Sight::Staff => caller.role() != Role::Auditor,
    };
    if shown && medium.ready { Ok((medium, false)) } else { Err(Problem::denied().into()) }
}

/// Finds what to send.
pub async fn download_media(intake: &Intake, caller: &Caller, id: MediaId) -> Result<Download, Error> {
    let (medium, own) = find_visible_media(intake, caller, id).await?;
    if own {
        if !medium.ready {
            return Err(medium.incomplete().into());
        }
        let parts = media::parts(intake.outbox.database().read(), id).await?;
        return Ok(Download::Original { content_type: medium.content_type, parts });
    }
    if !medium.public_copy {
        return Err(Problem::new(
            ErrorCode::FailedPrecondition,
            "MEDIA_WITHHELD",
            "there is no copy of this file that may be shown to others",
            "Tệp này chưa thể hiển thị cho người khác.",
        )
        .into());
    }
    Ok(Download::Copy(intake.objects.get_copy(id).await?))
}
