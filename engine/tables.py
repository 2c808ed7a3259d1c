"""The rows: people's work and decisions, the night's ledger, the identity vault, the audit chain.

Bulk data (features, scores, reasons) are Parquet files under the night's folder and have no table. Rows made with
``table=True`` are not validated when they are made: each closed set of words is a CHECK constraint as well, so that
a wrong word is refused by the database itself.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, ClassVar, Final, Literal

import sqlalchemy as sa
from sqlmodel import Field

from engine.caserows import CasePart, CaseRow, CaseStep
from engine.disputerows import FactDispute
from engine.pushrows import PushMessage
from engine.reviewrows import ReviewTask
from engine.rows import Row, UtcDateTime, one_of
from engine.visitrows import Referral, Visit, VisitUndone
from outreach.lifecycle import states
from outreach.policy import LANES

__all__ = [
    "CasePart",
    "CaseRow",
    "CaseStep",
    "FactDispute",
    "PushMessage",
    "Referral",
    "ReviewTask",
    "Row",
    "UtcDateTime",
    "Visit",
    "VisitUndone",
    "one_of",
]
"""What is defined elsewhere and belongs to the tables, so that who imports this module knows every table."""

NIGHT_KINDS: Final = ("night",)
NIGHT_STATES: Final = ("finished", "held")
CHANNELS: Final = ("folder",)
LEDGER_STATES: Final = ("due", "running", "finished", "failed", "skipped")
SUBJECT_KINDS: Final = ("person", "household")
OBJECTION_STATES: Final = ("open", "upheld", "dismissed")
ERASURE_STATES: Final = ("voided", "purged")
PROPOSAL_STATES: Final = ("proposed", "accepted", "rejected", "undone")


NAMED_BY: Final[Mapping[str, Literal["person", "household"]]] = {"household_id": "household", "person_id": "person"}
"""The columns that hold pseudonyms, in whatever table, and whose; the vault calls its own ``subject``."""


def pseudonym_columns() -> list[tuple[sa.Table, sa.Column[Any], Literal["person", "household"]]]:
    """Every column that holds pseudonyms, of every table but the vault's."""
    return [
        (table, column, NAMED_BY[column.name])
        for table in Row.metadata.sorted_tables
        for column in table.columns
        if column.name in NAMED_BY
    ]


class VaultIdentity(Row, table=True):
    """A version of the identity of one person or household, encrypted field by field. The vault alone reads it."""

    __tablename__ = "vault_identity"
    __table_args__: ClassVar[Any] = (one_of("kind", SUBJECT_KINDS),)

    subject: str = Field(primary_key=True, description="Pseudonym")
    valid_from: date = Field(primary_key=True)
    known_on: date = Field(primary_key=True)
    kind: str
    delivery_id: str = Field(index=True)
    id_number: bytes | None = None
    name: bytes | None = None
    phone: bytes | None = None
    address: bytes | None = None
    key_version: int


class Night(Row, table=True):
    """One finished or held night. Made whole in one transaction and never overwritten."""

    __tablename__ = "night"
    __table_args__: ClassVar[Any] = (
        sa.UniqueConstraint("kind", "business_date"),
        one_of("kind", NIGHT_KINDS),
        one_of("state", NIGHT_STATES),
        sa.CheckConstraint("(state = 'held') = (held_reason IS NOT NULL)", name="held_reason"),
        sa.CheckConstraint(
            "records_read >= 0 AND records_quarantined >= 0 AND households_scored >= 0 AND households_listed >= 0",
            name="counts",
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    kind: str = "night"
    business_date: date
    state: str
    held_reason: str | None = None
    input_sha256: str = Field(description="Hash of the deliveries and settings that the night was made from")
    relative_poverty_model: str | None = Field(default=None, description="Id of the model; null = none promoted")
    emergency_model: str | None = Field(default=None, description="Id of the model; null = none promoted")
    policy_sha256: str
    code_version: str
    manifest_path: str = Field(description="Relative to the home")
    manifest_sha256: str
    records_read: int
    records_quarantined: int
    households_scored: int
    households_listed: int
    actor: str
    started_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime = Field(sa_type=UtcDateTime)


class OutreachList(Row, table=True):
    """The list that one night made for one caseworker."""

    __tablename__ = "outreach_list"
    __table_args__: ClassVar[Any] = (
        sa.UniqueConstraint("night_id", "caseworker_id"),
        one_of("state", states("list")),
    )

    id: int | None = Field(default=None, primary_key=True)
    night_id: int = Field(foreign_key="night.id")
    caseworker_id: str
    week: date = Field(description="Monday of the week that the list belongs to")
    state: str
    content_sha256: str = Field(description="Hash of the items in their order")


class OutreachItem(Row, table=True):
    """One household on one list. A household is on at most one list per business date."""

    __tablename__ = "outreach_item"
    __table_args__: ClassVar[Any] = (
        sa.Index(
            "uq_outreach_item_standing",
            "household_id",
            "business_date",
            unique=True,
            sqlite_where=sa.text("state <> 'superseded'"),
            postgresql_where=sa.text("state <> 'superseded'"),
        ),
        sa.UniqueConstraint("list_id", "position"),
        one_of("lane", LANES),
        one_of("state", states("item")),
        sa.CheckConstraint("position >= 1", name="position"),
        sa.CheckConstraint(
            "inclusion_probability > 0 AND inclusion_probability <= 1", name="inclusion_probability"
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    list_id: int = Field(foreign_key="outreach_list.id")
    household_id: str
    business_date: date
    position: int
    lane: str
    due_on: date
    inclusion_probability: float | None = Field(default=None, description="Of the lottery; null in other lanes")
    state: str = Field(index=True)
    state_reason: str | None = Field(default=None, description="Why it was taken off the list; null = it was not")


class OptOut(Row, table=True):
    """A household that asked not to be contacted, from a day on; ``until`` is set when it changes its mind."""

    __tablename__ = "opt_out"
    __table_args__: ClassVar[Any] = (sa.CheckConstraint("until IS NULL OR until >= since", name="until"),)

    household_id: str = Field(primary_key=True)
    since: date = Field(primary_key=True)
    until: date | None = Field(default=None, description="Last day; null = still opted out")
    recorded_by: str
    reason: str | None = Field(default=None, description="In the recorder's words")


class Objection(Row, table=True):
    """A household that objects to being chosen by a model: a task for the reviewer.

    While it is open, and when it is upheld, no model ranks the household; dismissed, it is ranked again.
    """

    __tablename__ = "objection"
    __table_args__: ClassVar[Any] = (
        one_of("state", OBJECTION_STATES),
        sa.CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided"),
    )

    id: int | None = Field(default=None, primary_key=True)
    household_id: str = Field(index=True)
    since: date
    recorded_by: str
    reason: str | None = Field(default=None, description="In the recorder's words")
    state: str = "open"
    decided_by: str | None = None
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    decision: str | None = Field(default=None, description="Why, in the reviewer's words")


class Erasure(Row, table=True):
    """A household that was erased: when, at whose word, and how much is gone; not who it was.

    While it is ``voided`` its pseudonym is still needed to take the rest away; ``purged``, only its digest is left.
    """

    __tablename__ = "erasure"
    __table_args__: ClassVar[Any] = (
        one_of("state", ERASURE_STATES),
        sa.CheckConstraint("(state = 'voided') = (household_id IS NOT NULL)", name="forgotten"),
        sa.CheckConstraint("(state = 'purged') = (purged_at IS NOT NULL)", name="purged"),
    )

    id: int | None = Field(default=None, primary_key=True)
    digest: str = Field(index=True, description="Keyed digest of the pseudonym")
    state: str = "voided"
    household_id: str | None = None
    voided_at: datetime = Field(sa_type=UtcDateTime)
    purged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    recorded_by: str
    reason: str | None = Field(default=None, description="In the recorder's words")
    persons: int = 0
    records: int = 0
    identities: int = 0
    quarantined: int = 0
    night_rows: int = 0


class ErasedSubject(Row, table=True):
    """The keyed digest of the pseudonym of an erased person or household: the door refuses whoever has it."""

    __tablename__ = "erased_subject"

    digest: str = Field(primary_key=True)
    erasure_id: int = Field(foreign_key="erasure.id")


class LinkageProposal(Row, table=True):
    """A quarantined row that may be somebody whom the vault knows: for a person to accept or to reject."""

    __tablename__ = "linkage_proposal"
    __table_args__: ClassVar[Any] = (
        sa.UniqueConstraint("delivery_id", "file", "row", "person_id"),
        one_of("state", PROPOSAL_STATES),
        sa.CheckConstraint("(state = 'proposed') = (decided_at IS NULL)", name="decided"),
    )

    id: int | None = Field(default=None, primary_key=True)
    delivery_id: str
    file: str
    row: int
    person_id: str = Field(description="Pseudonym of the known person")
    found_by: str = Field(description="The pass that found it: the kinds of evidence, never values")
    candidates: int = Field(description="How many known persons the same pass found for the row")
    state: str = "proposed"
    decided_by: str | None = None
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reason: str | None = None
    carried_by: str | None = Field(default=None, description="The delivery that carries an accepted row in")


class Consent(Row, table=True):
    """A household's consent to a check of facts of stage B: for which application, which facts, until when.

    Who agreed stands in ``consent_person``. ``whole``: everybody in the household did, so that facts of the
    household as such are covered, too.
    """

    __tablename__ = "consent"
    __table_args__: ClassVar[Any] = (
        sa.CheckConstraint("until >= since", name="until"),
        sa.CheckConstraint("(withdrawn_on IS NULL) = (withdrawn_by IS NULL)", name="withdrawn"),
    )

    id: int | None = Field(default=None, primary_key=True)
    household_id: str = Field(index=True)
    application: str = Field(description="Number of the application that the check is for")
    facts: str = Field(description="Classes of facts, divided by blanks")
    whole: bool
    since: date
    until: date = Field(description="Last day")
    evidence: str = Field(description="Where the signed form is; names nobody")
    recorded_by: str
    recorded_at: datetime = Field(sa_type=UtcDateTime)
    withdrawn_on: date | None = Field(default=None, description="Null = not withdrawn")
    withdrawn_by: str | None = None
    reason: str | None = Field(default=None, description="Why it was withdrawn, in the recorder's words")


class ConsentPerson(Row, table=True):
    """A person who agreed."""

    __tablename__ = "consent_person"

    consent_id: int = Field(foreign_key="consent.id", primary_key=True)
    person_id: str = Field(primary_key=True)


class Confirmation(Row, table=True):
    """A delivery that is unlike its history, or was refused, and that a person has looked at: nights go on."""

    __tablename__ = "confirmation"

    name: str = Field(primary_key=True, description="Id of the delivery, or the folder of a refused one")
    reason: str
    confirmed_by: str
    confirmed_at: datetime = Field(sa_type=UtcDateTime)


class Delivery(Row, table=True):
    """The outbox: one list to one channel, once. ``sent_at`` is null while it waits."""

    __tablename__ = "delivery"
    __table_args__: ClassVar[Any] = (
        sa.UniqueConstraint("list_id", "channel"),
        one_of("channel", CHANNELS),
    )

    id: int | None = Field(default=None, primary_key=True)
    list_id: int = Field(foreign_key="outreach_list.id")
    channel: str
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class NightLedger(Row, table=True):
    """What became of each business date: the one answer to "has this night been run?"."""

    __tablename__ = "night_ledger"
    __table_args__: ClassVar[Any] = (one_of("state", LEDGER_STATES),)

    business_date: date = Field(primary_key=True)
    state: str
    epoch: int = Field(default=0, description="Epoch of the lease under which it last ran")
    holder: str | None = None
    attempts: int = 0
    announced_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="When it was announced as missed; null = it was not missed"
    )
    retry_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    message: str | None = Field(default=None, description="Why it failed or was skipped, in words")
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Lease(Row, table=True):
    """Who may do a work that only one may do at a time. Every change of hands raises the epoch."""

    __tablename__ = "lease"

    name: str = Field(primary_key=True)
    holder: str | None = None
    epoch: int
    expires_at: datetime = Field(sa_type=UtcDateTime)


class AuditEntry(Row, table=True):
    """One link of the keyed hash chain: who did what, when, to which kind of thing, and the hash of the details."""

    __tablename__ = "audit_entry"

    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime = Field(sa_type=UtcDateTime)
    actor: str
    action: str
    subject_kind: str
    payload_sha256: str
    previous_hash: str
    hash: str


class AuditDetail(Row, table=True):
    """What an entry of the audit chain was about, sealed: its hash stands in the entry."""

    __tablename__ = "audit_detail"

    seq: int = Field(primary_key=True, foreign_key="audit_entry.seq", sa_column_kwargs={"autoincrement": False})
    sealed: bytes
