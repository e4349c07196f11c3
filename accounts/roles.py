"""The roles of staff, as groups with permissions. Which staff page asks for which role stands beside the page (access.staff_role)."""

from django.contrib.auth.models import Group, Permission
from django.db import transaction

REVIEWER, APPROVER, SERVICER, AUDITOR, PRIVACY, MODELER = "reviewer", "approver", "servicer", "auditor", "privacy", "modeler"

# app_label.codename; "app_label.view_*" stands for looking at everything of an app.
ROLES: dict[str, tuple[str, ...]] = {
    REVIEWER: (
        "loans.view_*",
        "credit.view_*",
        "accounts.view_party",
        "accounts.view_identitycheck",
        "marketplace.view_*",
        "loans.review_application",
        "loans.propose_disbursement",
        "loans.climb_ladder",
    ),
    APPROVER: (
        "loans.view_*",
        # Of credit the models and not single decisions: whoever may be asked to look again has not read the grade.
        "credit.view_modelchange",
        "credit.view_modelalarm",
        "credit.view_weekofinputs",
        "credit.view_monthofoutcomes",
        "accounts.view_party",
        "payments.view_*",
        "ledger.view_*",
        "loans.approve_disbursement",
        "loans.approve_necessity",
        "credit.sign_model",
        "loans.take_second_look",
        "loans.approve_adjustment",
        "loans.confirm_override",
        "loans.approve_write_off",
    ),
    SERVICER: (
        "loans.view_*",
        "payments.view_*",
        "ledger.view_*",
        "accounts.view_party",
        "core.view_*",
        "core.change_job",
        "core.change_holiday",
        "loans.service_loan",
        "loans.decide_hardship",
        "loans.release_loan",
        "loans.propose_write_off",
        "loans.climb_ladder",
        "payments.match_receipt",
        "privacy.view_contactdecision",
    ),
    PRIVACY: (
        "privacy.view_*",
        "privacy.answer_rightsrequest",
        "privacy.restrict_datasubject",
        "privacy.sign_impactassessment",
        "privacy.handle_breach",
        "privacy.add_breach",
        "privacy.change_breach",
        "privacy.add_processor",
        "privacy.change_processor",
    ),
    MODELER: (
        "credit.view_*",
        "credit.propose_model",
    ),
    AUDITOR: (
        "accounts.view_*",
        "core.view_*",
        "credit.view_*",
        "ledger.view_*",
        "loans.view_*",
        "marketplace.view_*",
        "notifications.view_*",
        "payments.view_*",
        "privacy.view_*",
    ),
}


@transaction.atomic
def ensure() -> None:
    """Makes the groups and gives each exactly its permissions. Safe to repeat; asks for migrated tables."""
    known = {(p.content_type.app_label, p.codename): p for p in Permission.objects.select_related("content_type")}
    for name, wanted in ROLES.items():
        group, _created = Group.objects.get_or_create(name=name)
        group.permissions.set([permission for (app, codename), permission in known.items() if _asked(app, codename, wanted)])


def _asked(app: str, codename: str, wanted: tuple[str, ...]) -> bool:
    return f"{app}.{codename}" in wanted or (codename.startswith("view_") and f"{app}.view_*" in wanted)
