"""The world of the address table, in which everything a person tells us is a value that occurs nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Any

from django.core import mail
from django.utils import timezone

from accounts import parties, roles
from accounts.models import User
from core import business_day, outbox
from loans import application as applications
from loans import circle, ladder, obligor, referral
from loans.models import Amendment, Application, DebtSale, LadderCase, Loan, SecondLook, WriteOff
from marketplace import question as questions
from marketplace.models import Listing, Question
from notifications import preferences
from payments import deposit
from privacy import breaches, desk, restriction
from privacy import circle as contacts
from privacy.models import Complaint
from tests import cast, stories
from tests.config.canary import marks
from tests.config.matrix.people import World, _staff, named
from tests.privacy.circle_world import Reader

DESK_ONLY = ("pam", "root")  # the privacy desk, and a superuser
numbers = count(1)


def mark(words: str) -> str:
    """`words` with a tail that is written once."""
    return f"{words} qz{next(numbers):05d}kx"


def phone() -> str:
    return f"1397{next(numbers):04d}381"


def amount(near: int) -> str:
    """Minor units close to a plausible figure and used once; never a round sum."""
    return str(near + next(numbers) * 10_007 + 31)


def answers() -> dict[str, dict[str, str]]:
    """A borrower's answers as stories.ANSWERS has them, each its own canary where the form leaves room for one."""
    return {
        "background": {"background": mark("经营面包房六年。 A bakery for six years.")},
        "repayment": {"repayment_plan": mark("以每日营业收入偿还。 From daily sales."), "repayment_source": "business"},
        "finances": {
            "legal_name": f"慕容{chr(0x70A4 + next(numbers))}{chr(0x6CA7 + next(numbers))}",
            "phone": phone(),
            "address": mark("杭州市西湖区古墩路"),
            "region": "ZJ",
            "occupation": "self_employed",
            "industry": "food",
            "housing": "rent",
            "months_at_work": "72",
            "income_monthly": amount(1_500_000),
            "debt_monthly": amount(1_700),
            "debt_total": amount(900_000),
            "debt_other_platforms": amount(100_000),
            "overdue_count_6m": "0",
        },
    }


class Marked(World):
    """The same ten people and two more at the desk; what they type is marked, and more of it is typed."""

    def __init__(self, patch: Any) -> None:
        patch.setattr(stories, "draft", _marking(stories.draft, patch))
        patch.setattr(preferences, "mail_from", lambda *_, now: now)  # letters are read whatever the hour of the run
        mail.outbox.clear()
        super().__init__()
        self.letters = list(mail.outbox)
        self.members["pam"] = _staff("pam", roles.PRIVACY)
        self.members["root"] = _superuser()
        self.browsers |= {name: self._browser(name) for name in DESK_ONLY}
        self.hana.client.raise_request_exception = False
        _mark_the_rest()

    def _party(self, alice: cast.Member, *, now: datetime) -> None:
        super()._party(alice, now=now)
        business = alice.user.parties.get(kind="business")
        parties.invite(party=business, email="qz.newcomer@xinqiao.example", role="view", by=alice.user, now=now)

    def _circle(self, alice: cast.Member, *, now: datetime) -> None:
        """Somebody with a name and a number of their own, who complains; and one who typed a number and has not proved it."""
        super()._circle(alice, now=now)
        links = [circle.invite(self.draft, relationship="friend", scopes=["reference", "locate"], by=alice.user, locale="en", now=now) for _ in range(2)]
        friend = Reader(number=phone())
        contact = friend.accept(links[0].token, name="诸葛小荷")
        contacts.complain(contact, text=mark("I was called twice."), now=now)
        Reader(number=phone()).fill_in(links[1].token, name="欧阳一苇")

    def _desk(self, *, now: datetime) -> None:
        super()._desk(now=now)
        words = mark("for the oven")
        deposit.receive(rail="sandbox", line_id="marked", amount=100, currency="CNY", reference=words, booked_on=business_day.current(), now=now)
        grace, dan = self.members["grace"], self.members["dan"]
        asked = desk.receive(subject=grace.user.subject, kind="explain", message=mark("Why?"), locale="en", now=now)
        desk.take(asked, handler=dan.user.subject, now=now)
        desk.answer(asked, text=mark("Because."), handler=dan.user.subject, now=now)
        self.things["answered request"] = named(asked.reference)
        self.things["complaint"] = named(Complaint.objects.get().reference)
        application = Application.objects.get(reference=self.things["ladder"].args["application"])
        self._ladder(application, now=now)
        self._referral(grace, now=now)
        self._asked_and_answered(now=now)
        self._written_by_staff(now=now)
        look = SecondLook.objects.get()
        Amendment.objects.create(application=look.application, before=look.decision, by=look.asked_by, words=mark("It is not so."), opened_at=now)
        outbox.drain(now=timezone.now())

    def _ladder(self, application: Application, *, now: datetime) -> None:
        dan = self.members["dan"].user
        case = ladder.open_case(application, question="work", by=dan, now=now)
        for level in range(4):
            ladder.record(case, level=level, outcome="not_enough", note=mark("Not confirmed."), by=dan, now=now)
        ladder.request_necessity(case, level=4, why=mark("No register knows it."), by=dan, now=now)
        self.things["ladder case"] = named(LadderCase.objects.get().reference)

    def _asked_and_answered(self, *, now: datetime) -> None:
        listing, alice, bob = Listing.objects.get(reference=self.things["listing"].args["reference"]), self.members["alice"], self.members["bob"]
        asked = questions.ask(listing, party=bob.party, by=bob.user, text=mark("How old is the first one?"), language="en", now=now)
        self._let_through(asked, now=now)
        questions.answer(asked, by=alice.user, text=mark("Six years."), language="en", now=now)
        self._let_through(asked, now=now)

    def _let_through(self, asked: Question, *, now: datetime) -> None:
        dan = self.members["dan"].user
        asked.refresh_from_db()
        questions.let_through(asked, seen=questions.read(asked, by=dan, page="admin:question", now=now).seen, by=dan, now=now)

    def _written_by_staff(self, *, now: datetime) -> None:
        loan, sal = Loan.objects.get(reference=self.things["loan"].args["reference"]), self.members["sal"].user
        grace, dan = self.members["grace"].user.subject, self.members["dan"].user.subject
        lock = restriction.restrict(subject=grace, ground=restriction.LEGAL_HOLD, why=mark("Order of a court."), by=dan, now=now)
        restriction.lift(lock, why=mark("The order has ended."), by=dan, now=now)
        two = {"loan": loan, "proposed_by": sal, "proposed_at": now}
        WriteOff.objects.create(**two, reason="costly", note=mark("No answer to letters."), owed=1)
        DebtSale.objects.create(**two, buyer=mark("Asset Management"), license="A-17", price=1, claim=2, sold_on=business_day.current())
        known = {name: mark("So far as we know.") for name in ("cause", "harm", "remedies")}
        window = {"kinds_": ["statistics"], "jurisdictions": ["CN"], "since": now, "until": now}
        breaches.open_(what=mark("A list was copied."), known=known, **window, by=dan, now=now)

    def _referral(self, grace: cast.Member, *, now: datetime) -> None:
        """Grace is asked for more and answers; with her stands a co-borrower who gave figures of their own."""
        application, carol = stories.draft(grace, amount=1_000_000, term_months=6, now=now), self.members["carol"]
        joined, _token = obligor.invite(application, by=grace.user, now=now)
        yes = [cast_yes(purpose, now=now) for purpose in obligor.NEEDED]
        obligor.join(joined, party=carol.party, by=carol.user, income_monthly=int(amount(700_000)), debt_monthly=int(amount(1_100)), answers=yes, now=now)
        today, dan = business_day.current(), self.members["dan"].user
        applications.submit(application, by=grace.user, as_of=today, now=now)
        application.refresh_from_db()
        applications.claim(application, by=dan, now=now)
        applications.refer(application, by=dan, reason=mark("Since when?"), now=now)
        application.refresh_from_db()
        referral.answer(application, text=mark("Since 2019."), by=grace.user, as_of=today, now=now)
        self.things["referred"] = named(application.reference)


def cast_yes(purpose: str, *, now: datetime) -> Any:
    from accounts import cast as makers

    return makers._yes(purpose, now=now)


def _superuser() -> cast.Member:
    made = _staff("root", roles.AUDITOR)
    User.objects.filter(pk=made.user.pk).update(is_superuser=True)
    made.user.refresh_from_db()
    return made


# What the world's people give alike, or what is too short to be told apart, before it is made a canary too.
RETOLD = {
    "loans.document.name",
    "accounts.accesstoken.name",
    "loans.obligor.income_monthly",
    "loans.obligor.debt_monthly",
    "loans.secondlook.words",
    "loans.hardshiprequest.reason",
    "marketplace.question.text",
    "marketplace.question.shown_text",
    "marketplace.savedsearch.q",
    "privacy.contact.name",
    "privacy.rightsrequest.message",
}
# What nobody in this world has written yet.
UNTOLD = {
    "privacy.complaint.answer",
    "marketplace.question.answer",
    "loans.override.answer",
    "loans.hardshiprequest.answer",
    "loans.secondlook.reading",
    "loans.secondlook.answer",
    "credit.modelchange.reason",
    "privacy.rightsrequest.about",
}


def _mark_the_rest() -> None:
    for model, fields in marks.models_with_texts():
        for field in (field for field in fields if marks.label_of(field) in RETOLD | UNTOLD):
            for row in model._base_manager.all():
                text = marks.opened(row, field) or ("Not yet." if marks.label_of(field) in UNTOLD else None)
                if text and "qz" not in text:
                    setattr(row, field.name, amount(800_000) if text.isdecimal() else mark(text))
                    row.save(update_fields=[field.name])


def _marking(draft: Callable[..., Application], patch: Any) -> Callable[..., Application]:
    """stories.draft, with answers of its own each time."""

    def marked(borrower: cast.Member, **more: Any) -> Application:
        patch.setattr(stories, "ANSWERS", answers())
        made = draft(borrower, **more)
        made.title, made.summary = mark("第二台烤箱"), mark("A second oven for a bakery.")
        made.save(update_fields=["title", "summary"])
        for item in made.funds.all():
            item.label = mark(item.label)
            item.save(update_fields=["label"])
        made.refresh_from_db()
        return made

    return marked
