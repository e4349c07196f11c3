"""A page of open files as one walk along the reader's own index, over as soon as it is full; and a grant opens nothing once its notice has changed.

The rules are those of LiveGrants, written out (tests/loans/test_permissions.py compares)."""

from importlib import import_module

from django.db import migrations

BODY = (
    'WITH loans_disclosuregrant AS (\n'
    '    SELECT user_id, content_object_id, party_id, relation, consent_id, expires_at, ended_at FROM loans_disclosuregrant\n'
    '     WHERE user_id = $1 AND content_object_id > $2 AND ended_at IS NULL ORDER BY content_object_id FETCH FIRST $4 ROWS WITH TIES)\n'
    "    SELECT content_object_id, max(content_object__reference)::varchar, (ARRAY['investor', 'pledger', 'holder', 'claimant'])[1 + "
    'max(strength)]::varchar FROM (SELECT "loans_disclosuregrant"."content_object_id" AS "content_object_id", "loans_borrowerfile"."reference" AS '
    '"content_object__reference", CASE WHEN "loans_disclosuregrant"."relation" = \'investor\' THEN 0 WHEN "loans_disclosuregrant"."relation" = '
    '\'pledger\' THEN 1 WHEN "loans_disclosuregrant"."relation" = \'holder\' THEN 2 WHEN "loans_disclosuregrant"."relation" = \'claimant\' THEN 3 ELSE NULL '
    'END AS "strength" FROM "loans_disclosuregrant" INNER JOIN "privacy_consent" ON ("loans_disclosuregrant"."consent_id" = "privacy_consent"."id") '
    'INNER JOIN "loans_borrowerfile" ON ("loans_disclosuregrant"."content_object_id" = "loans_borrowerfile"."id") INNER JOIN "privacy_datasubject" ON '
    '("loans_borrowerfile"."subject_id" = "privacy_datasubject"."id") WHERE (("loans_disclosuregrant"."expires_at" IS NULL OR '
    '"loans_disclosuregrant"."expires_at" > (STATEMENT_TIMESTAMP())) AND ("privacy_consent"."expires_at" IS NULL OR "privacy_consent"."expires_at" > '
    '(STATEMENT_TIMESTAMP())) AND (("loans_borrowerfile"."stage" IN (\'listing\') AND "loans_disclosuregrant"."relation" = \'investor\') OR '
    '("loans_borrowerfile"."stage" IN (\'listing\') AND "loans_disclosuregrant"."relation" = \'pledger\') OR ("loans_borrowerfile"."stage" IN (\'funded\', '
    '\'late\', \'default\', \'enforcement\', \'closed\') AND "loans_disclosuregrant"."relation" = \'holder\') OR ("loans_borrowerfile"."stage" IN '
    '(\'enforcement\') AND "loans_disclosuregrant"."relation" = \'claimant\')) AND EXISTS(SELECT 1 AS "a" FROM "accounts_membership" U0 WHERE '
    '((U0."ended_at" IS NULL OR U0."ended_at" > (STATEMENT_TIMESTAMP())) AND U0."party_id" = ("loans_disclosuregrant"."party_id") AND U0."user_id" = '
    '("loans_disclosuregrant"."user_id")) LIMIT 1) AND "privacy_consent"."decision" = \'given\' AND "loans_disclosuregrant"."ended_at" IS NULL AND '
    '"privacy_datasubject"."erased_at" IS NULL AND "privacy_datasubject"."restricted_at" IS NULL AND NOT (EXISTS(SELECT 1 AS "a" FROM '
    '"privacy_consent" U0 WHERE (U0."matter_id" = ("privacy_consent"."matter_id") AND U0."matter_id" IS NOT NULL AND U0."purpose" = '
    '("privacy_consent"."purpose") AND U0."sequence" > ("privacy_consent"."sequence") AND U0."subject_id" = ("privacy_consent"."subject_id") AND NOT '
    '(U0."decision" = \'given\')) LIMIT 1)) AND NOT ("privacy_consent"."notice_id" IN (SELECT V0."id" AS "pk" FROM "privacy_notice" V0 WHERE '
    'EXISTS(SELECT 1 AS "a" FROM "privacy_notice" U0 WHERE (U0."code" = (V0."code") AND U0."locale" = (V0."locale") AND U0."material" AND '
    'U0."version" > (V0."version") AND U0."published_at" IS NOT NULL) LIMIT 1))) AND "loans_disclosuregrant"."user_id" = $1)) live\n'
    '     GROUP BY content_object_id ORDER BY content_object_id LIMIT $3'
)
FUNCTION = f"""CREATE OR REPLACE FUNCTION loans_open_files(bigint, bigint, bigint, bigint)
    RETURNS TABLE (opened bigint, called varchar, seen_as varchar) LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan
    AS $page$ BEGIN RETURN QUERY {BODY}; END $page$"""
BEFORE = import_module("loans.migrations.0019_a_page_of_open_files_is_planned_once").FUNCTION


class Migration(migrations.Migration):
    dependencies = [("loans", "0024_late_loans_are_rewritten_in_place")]

    operations = [migrations.RunSQL(FUNCTION, reverse_sql=BEFORE)]
