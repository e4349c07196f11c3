"""A page of open files as a function, whose plan is kept: the rules are those of LiveGrants, written out (tests/loans/test_permissions.py compares)."""

from django.db import migrations

BODY = (
    'SELECT DISTINCT ON ("loans_disclosuregrant"."content_object_id") "loans_disclosuregrant"."content_object_id" AS "content_object_id", '
    '"loans_borrowerfile"."reference" AS "content_object__reference", "loans_disclosuregrant"."relation" AS "relation" FROM "loans_disclosuregrant" INNER '
    'JOIN "privacy_consent" ON ("loans_disclosuregrant"."consent_id" = "privacy_consent"."id") INNER JOIN "loans_borrowerfile" ON '
    '("loans_disclosuregrant"."content_object_id" = "loans_borrowerfile"."id") INNER JOIN "privacy_datasubject" ON ("loans_borrowerfile"."subject_id" = '
    '"privacy_datasubject"."id") WHERE (("loans_disclosuregrant"."expires_at" IS NULL OR "loans_disclosuregrant"."expires_at" > (STATEMENT_TIMESTAMP())) '
    'AND ("privacy_consent"."expires_at" IS NULL OR "privacy_consent"."expires_at" > (STATEMENT_TIMESTAMP())) AND (("loans_borrowerfile"."stage" IN '
    '(\'listing\') AND "loans_disclosuregrant"."relation" = \'investor\') OR ("loans_borrowerfile"."stage" IN (\'listing\') AND '
    '"loans_disclosuregrant"."relation" = \'pledger\') OR ("loans_borrowerfile"."stage" IN (\'funded\', \'late\', \'default\', \'enforcement\', \'closed\') AND '
    '"loans_disclosuregrant"."relation" = \'holder\') OR ("loans_borrowerfile"."stage" IN (\'enforcement\') AND "loans_disclosuregrant"."relation" = '
    '\'claimant\')) AND EXISTS(SELECT 1 AS "a" FROM "accounts_membership" U0 WHERE ((U0."ended_at" IS NULL OR U0."ended_at" > (STATEMENT_TIMESTAMP())) AND '
    'U0."party_id" = ("loans_disclosuregrant"."party_id") AND U0."user_id" = ("loans_disclosuregrant"."user_id")) LIMIT 1) AND "privacy_consent"."decision" '
    '= \'given\' AND "loans_disclosuregrant"."ended_at" IS NULL AND "privacy_datasubject"."erased_at" IS NULL AND "privacy_datasubject"."restricted_at" IS '
    'NULL AND NOT (EXISTS(SELECT 1 AS "a" FROM "privacy_consent" U0 WHERE (U0."matter_id" = ("privacy_consent"."matter_id") AND U0."matter_id" IS NOT NULL '
    'AND U0."purpose" = ("privacy_consent"."purpose") AND U0."sequence" > ("privacy_consent"."sequence") AND U0."subject_id" = '
    '("privacy_consent"."subject_id") AND NOT (U0."decision" = \'given\')) LIMIT 1)) AND "loans_disclosuregrant"."content_object_id" IN (SELECT DISTINCT '
    'U0."content_object_id" AS "content_object_id" FROM "loans_disclosuregrant" U0 WHERE (U0."content_object_id" > $2 AND U0."ended_at" IS NULL AND '
    'U0."user_id" = $1) ORDER BY 1 ASC LIMIT $4) AND "loans_disclosuregrant"."user_id" = $1) ORDER BY 1 ASC, CASE WHEN ("loans_disclosuregrant"."relation" '
    '= \'investor\') THEN 0 WHEN ("loans_disclosuregrant"."relation" = \'pledger\') THEN 1 WHEN ("loans_disclosuregrant"."relation" = \'holder\') THEN 2 WHEN '
    '("loans_disclosuregrant"."relation" = \'claimant\') THEN 3 ELSE NULL END DESC LIMIT $3'
)
FUNCTION = f"""CREATE OR REPLACE FUNCTION loans_open_files(bigint, bigint, bigint, bigint)
    RETURNS TABLE (opened bigint, called varchar, seen_as varchar) LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan
    AS $page$ BEGIN RETURN QUERY {BODY}; END $page$"""


class Migration(migrations.Migration):
    dependencies = [("loans", "0018_recoveries_need_two_and_a_price_reaches_the_holders"), ("accounts", "0004_records_are_kept"), ("privacy", "0009_why_staff_look")]

    operations = [migrations.RunSQL(FUNCTION, reverse_sql="DROP FUNCTION loans_open_files(bigint, bigint, bigint, bigint)")]
