"""The ten who knock at every door, and the things they knock for. Told through the public operations."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts import cast as makers
from accounts import onboarding, parties, roles, tokens
from accounts.models import Party
from core import business_day, outbox
from credit import cards, champion
from loans import adjustment, circle, obligor, override, second_look
from loans import application as applications
from loans.event import Entry
from loans.hardship import plan as plans
from loans.hardship import request as hardship
from loans.hardship.terms import Wanted
from loans.models import AgreementPaper, CollectionsCase, Disbursement, Document, Loan, ParkedLoan
from loans.replay import Kind
from marketplace import mandate as mandates
from marketplace import question as questions
from marketplace import run as runs
from marketplace import sale, saved_search, search
from marketplace.models import Listing, Mandate, MatchRun
from notifications.models import Message
from payments import deposit
from payments.models import BankAccount, Payment
from privacy import desk
from privacy.models import Consent, ContactLink
from tests import cast, stories
from tests.loans.test_api import picture
from tests.privacy.circle_world import Reader

STAFF = ("dan", "fay", "sal", "ada")  # reviewer, approver, servicer, auditor
BORROWERS = ("alice", "grace")
INVESTORS = ("bob", "carol")
NOBODY = ("anonymous", "hana")  # hana has no account; she is named by alice and has proved her number
EVERYBODY = (*NOBODY, *BORROWERS, *INVESTORS, *STAFF)


@dataclass(frozen=True)
class Thing:
    """What an address needs to name it, and one that does not exist."""

    args: dict[str, Any]
    missing: dict[str, Any]
    data: dict[str, Any] = field(default_factory=dict)
    missing_data: dict[str, Any] = field(default_factory=dict)


def named(reference: str, name: str = "reference", **more: Any) -> Thing:
    return Thing({name: reference, **more}, {name: f"{reference[:2]}-00000000", **more})


class World:
    """Alice borrows: a draft, a sent and priced application, a loan on the market, a loan with holders. Bob holds, carol does not, grace stands by."""

    def __init__(self) -> None:
        self.now = timezone.now()
        business_day.advance(to=timezone.localdate(), now=self.now)
        self.members = {name: cast.make(name) for name in (*BORROWERS, *INVESTORS, "dan", "fay")}
        self.members |= {"sal": _staff("sal", roles.SERVICER), "ada": _staff("ada", roles.AUDITOR)}
        self.things: dict[str, Thing] = {}
        self.tell()
        self.browsers = {name: self._browser(name) for name in EVERYBODY}
        self.models = {model._meta.label_lower: model._default_manager.order_by("pk").first() for model in admin.site._registry}

    def _browser(self, name: str) -> Client:
        if name == "hana":
            return self.hana.client
        client = Client() if name == "anonymous" else cast.prove(cast.client_of(self.members[name]), self.members[name])
        client.raise_request_exception = False
        client.cookies["django_language"] = "en"
        return client

    def tell(self) -> None:
        now = self.now
        alice, bob = self.members["alice"], self.members["bob"]
        for member in (alice, bob, self.members["carol"]):
            stories.pay_in(member, 9_000_000, now=now)
        stories.verified_account(alice, now=now)
        self._applications(alice, now=now)
        self._loans(alice, bob, now=now)
        self._party(alice, now=now)
        self._circle(alice, now=now)
        outbox.drain(now=timezone.now())
        self._own(alice, now=now)
        self._desk(now=now)

    def _applications(self, alice: cast.Member, *, now: datetime) -> None:
        draft = stories.draft(alice, amount=4_800_000, term_months=6, now=now)
        applications.add_document(draft, kind="quote", upload=SimpleUploadedFile("quote.png", picture(), "image/png"), now=now)
        self.draft = draft
        offered = stories.offered(alice, reviewer=self.members["dan"], amount=1_000_000, term_months=6, now=now)
        invited, token = obligor.invite(draft, by=alice.user, now=now)
        joined, _token = obligor.invite(draft, by=alice.user, now=now)
        grace = self.members["grace"]
        answers = [makers._yes(purpose, now=now) for purpose in obligor.NEEDED]
        obligor.join(joined, party=grace.party, by=grace.user, income_monthly=1_000_000, debt_monthly=0, answers=answers, now=now)
        self.things |= {
            "draft": named(draft.reference),
            "project": named(draft.reference, section="project"),
            "choice": named(draft.reference, purpose="application"),
            "sent": named(offered.reference),
            "document": named(Document.objects.get().reference),
            "offer": named(offered.offers.get().reference),
            "invited": named(invited.reference),
            "joined": named(joined.reference),
            "co-borrow link": Thing({"token": token}, {"token": "x" * len(token)}),
        }

    def _loans(self, alice: cast.Member, bob: cast.Member, *, now: datetime) -> None:
        loan = stories.accepted_loan(alice, reviewer=self.members["dan"], amount=1_000_000, term_months=6, now=now)
        closed = Listing.objects.get(loan=loan)
        stories.pledge(closed, bob, 1_000_000, now=now)
        outbox.drain(now=now)
        stories.pay_out(loan, proposer=self.members["fay"], approver=self.members["dan"], now=now)
        self._trouble(Loan.objects.get(pk=loan.pk), alice, now=now)
        self._shares(Loan.objects.get(pk=loan.pk), bob, now=now)
        today = business_day.current()
        paid_out = Loan.objects.get(pk=loan.pk)
        fee = adjustment.propose(paid_out, Entry(Kind.FEE, today, 100), why="agreed", by=self.members["sal"].user, as_of=today, now=now)
        parked = ParkedLoan.objects.create(loan=loan, on=today, reason="a reason", parked_at=now)
        waiting = stories.accepted_loan(alice, reviewer=self.members["dan"], amount=4_800_000, term_months=6, now=now)
        listing = Listing.objects.get(loan=waiting)
        pledge = stories.pledge(listing, bob, 100_000, now=now)
        mandate = mandates.create(party=bob.party, by=bob.user, terms={"per_loan": 100_000}, now=now)
        asked = questions.ask(listing, party=bob.party, by=bob.user, text="How many ovens are there now?", language="en", now=now)
        seen = questions.read(asked, by=self.members["dan"].user, page="admin:question", now=now).seen
        questions.let_through(asked, seen=seen, by=self.members["dan"].user, now=now)
        run = self._run(mandate, bob, now=now)
        self.things |= {
            "loan": named(loan.reference),
            "serviced": Thing({"object_id": loan.pk}, {"object_id": 0}),
            "adjustment": Thing({"object_id": fee.pk}, {"object_id": 0}, {"act": "decline"}),
            "parked": Thing({"object_id": parked.pk}, {"object_id": 0}),
            "paper": named(AgreementPaper.objects.filter(agreement=loan.agreement).first().agreement.reference, kind="fixed"),
            "listing": named(listing.reference),
            "closed listing": named(closed.reference),
            "pledge": named(pledge.reference),
            "search": named(saved_search.save(search.Wanted(q="oven"), party=bob.party, by=bob.user, now=now).reference),
            "mandate": named(mandate.reference),
            "market question": named(asked.reference),
            "asked": Thing({"object_id": asked.pk}, {"object_id": 0}, {"act": "hold_back"}),
            "tax year": Thing({"year": today.year}, {"year": 2000}),
            "run": named(run.reference),
            "mandate stop": named(mandate.reference, verb="stop"),
        }

    def _shares(self, loan: Loan, bob: cast.Member, *, now: datetime) -> None:
        """Bob offers a part of what he holds."""
        holding = loan.participations.get()
        offer = sale.offer(holding=holding, party=bob.party, by=bob.user, amount=20_000, factor=Decimal(1), key="matrix", now=now)
        self.things |= {"sale": named(offer.reference)}

    def _trouble(self, loan: Loan, alice: cast.Member, *, now: datetime) -> None:
        """Alice asked for help with it; new terms are before the holders."""
        sal, today = self.members["sal"].user, business_day.current()
        paper = SimpleUploadedFile("letter.png", picture(), "image/png")
        stories.consent(loan.agreement.offer.application, ("hardship",), now=now)
        asked = hardship.ask(loan, wish="longer", reason="?", uploads=[paper], by=alice.user, as_of=today, now=now)
        hardship.claim(asked, by=sal, now=now)
        case = CollectionsCase.objects.create(loan=loan, stage="reminded", opened_on=today, stage_since=today)
        made = plans.propose(asked, Wanted("restructure", more=3), by=sal, as_of=today, now=now)
        plans.accept(made, seen=plans.shown(made).fingerprint, by=alice.user, as_of=today, now=now)
        self.things |= {
            "plan": named(made.reference),
            "case": Thing({"object_id": case.pk}, {"object_id": 0}, {"act": "to_court"}),
            "evidence": named(asked.evidence.get().reference),
            "hardship": Thing({"object_id": asked.pk}, {"object_id": 0}, {"act": "release"}),
            "hardship paper": named(asked.evidence.get().reference, object_id=asked.pk),
        }

    def _run(self, mandate: Mandate, bob: cast.Member, *, now: datetime) -> MatchRun:
        mandates.start(mandate, by=bob.user, now=now)
        run = runs.announce(currency="CNY", now=now)
        runs.take(run, now=now)
        mandates.stop(mandate, by=bob.user, now=now)
        runs.announce(currency="CNY", now=now)
        return run

    def _party(self, alice: cast.Member, *, now: datetime) -> None:
        business = parties.create_business(user=alice.user, name="月亮面包", now=now, borrows=True)
        invitation = parties.invite(party=business, email=self.members["bob"].email, role="view", by=alice.user, now=now)
        self.things |= {
            "business": named(business.reference),
            "membership": Thing({"reference": business.reference}, {"reference": "PT-00000000"}, {"member": alice.user.pseudonym}),
            "switch": Thing({}, {}, {"party": business.reference, "next": "/account/parties/"}, {"party": "PT-00000000"}),
            "invitation": named(invitation.reference),
        }

    def _circle(self, alice: cast.Member, *, now: datetime) -> None:
        made = [circle.invite(self.draft, relationship="friend", scopes=["reference"], by=alice.user, locale="en", now=now) for _ in range(2)]
        self.hana = Reader()
        contact = self.hana.accept(made[0].token)
        link = ContactLink.objects.order_by("pk").last()
        self.things |= {
            "circle link": Thing({"token": made[1].token}, {"token": "x" * len(made[1].token)}),
            "named": Thing({"reference": self.draft.reference, "link": link.reference}, {"reference": self.draft.reference, "link": "CL-00000000"}),
            "contact": named(contact.reference),
            "question": Thing({"reference": contact.reference, "message": "OM-00000000"}, {"reference": "CT-00000000", "message": "OM-00000000"}),
            "done": Thing({"what": "declined"}, {"what": "nothing"}),
        }

    def _own(self, alice: cast.Member, *, now: datetime) -> None:
        receipt = Consent.objects.filter(subject=alice.user.subject).first()
        asked = desk.receive(subject=alice.user.subject, kind="explain", message="Why?", locale="en", now=now)
        token = tokens.make(user=alice.user, name="script", may_write=True, days=30, form_key="form-of-alice", now=now).token
        key = Authenticator.objects.create(user=cast.eve().user, type="webauthn", data={})
        self.things |= {
            "receipt": named(receipt.receipt_id, "receipt_id"),
            "request": named(asked.reference),
            "token": named(token.reference),
            "message": named(Message.objects.filter(user=alice.user).first().reference),
            "account": named(BankAccount.objects.get().reference),
            "payment": named(Payment.objects.filter(party=alice.party).first().reference),
            "key": Thing({"pk": key.pk}, {"pk": 999_999}),
            "affair": self._affair(),
            "marketing": Thing({"purpose": "marketing"}, {"purpose": "nothing"}),
            "explain": Thing({"kind": "explain"}, {"kind": "nothing"}),
            "notice": Thing({"code": "account"}, {"code": "nothing"}),
            "english": Thing({"code": "en"}, {"code": "fr"}),
            "reset": Thing({"uidb36": "1", "key": "x-y"}, {"uidb36": "0", "key": "x-y"}),
        }

    def _affair(self) -> Thing:
        purpose = {"purpose": "listing_disclosure"}
        return Thing(purpose, purpose, {"matter": str(self.draft.file.matter_id)}, {"matter": str(uuid4())})

    def _desk(self, *, now: datetime) -> None:
        stray = deposit.receive(rail="sandbox", line_id="stray", amount=100, currency="CNY", reference="?", booked_on=business_day.current(), now=now)
        claimed = stories.draft(self.members["grace"], amount=1_000_000, term_months=6, now=now)
        applications.add_document(claimed, kind="quote", upload=SimpleUploadedFile("quote.png", picture(), "image/png"), now=now)
        applications.submit(claimed, by=self.members["grace"].user, as_of=business_day.current(), now=now)
        claimed.refresh_from_db()
        applications.claim(claimed, by=self.members["dan"].user, now=now)
        waits = override.propose(claimed, reason="Papers seen.", by=self.members["dan"].user, now=now)
        self.things |= {
            "unmatched": named(stray.reference),
            "application": Thing({"object_id": claimed.pk}, {"object_id": 0}),
            "disbursement": Thing({"object_id": Disbursement.objects.first().pk}, {"object_id": 0}, {"act": "propose"}),
            "handed in": named(claimed.documents.get().reference, object_id=claimed.pk),
            "ladder": named(claimed.reference, "application"),
            "elsewhere": named("ZZ-00000000"),
            "elsewhen": Thing({"year": 2001, "month": 1, "kind": "pdf"}, {"year": 2001, "month": 1, "kind": "pdf"}),
            "card": Thing({"name": cards.cards()[0]["name"]}, {"name": "nothing"}),
            "look": Thing({"object_id": self._look(now=now)}, {"object_id": 0}, {"act": "claim"}),
            "override": Thing({"object_id": waits.pk}, {"object_id": 0}, {"act": "confirm"}),
            "change": Thing({"object_id": self._change(now=now)}, {"object_id": 0}, {"act": "sign"}),
            "loans app": Thing({"app_label": "loans"}, {"app_label": "loans"}),
            "nothing": Thing({"content_type_id": 0, "object_id": 0}, {"content_type_id": 0, "object_id": 0}),
        }

    def _look(self, *, now: datetime) -> int:
        alice, dan = self.members["alice"], self.members["dan"]
        refused = stories.draft(alice, amount=1_000_000, term_months=6, now=now)
        applications.submit(refused, by=alice.user, as_of=business_day.current(), now=now)
        refused.refresh_from_db()
        applications.claim(refused, by=dan.user, now=now)
        applications.decline(refused, by=dan.user, reason="No.", now=now)
        return int(second_look.ask(refused, words="Please look again.", by=alice.user, now=now).pk)

    def _change(self, *, now: datetime) -> int:
        owner = _staff("mo", roles.MODELER)
        return int(champion.propose_promotion(model="thin_file", segment="thin", why="Better without a report.", evidence={}, by=owner.user, now=now).pk)


def _staff(name: str, role: str) -> cast.Member:
    user = onboarding.register(email=f"{name}@xinqiao.example", password=cast.PASSWORD, language="en", now=timezone.now(), staff=True)
    makers._make_staff(user, role)
    return cast.Member(user=user, party=Party.objects.get(subject=user.subject_id))
