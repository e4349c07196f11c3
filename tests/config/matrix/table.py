"""Every address and who gets in: one line a page. A page that is not here fails the build.

    name                       thing            GET              what it changes

GET and what it changes (POST; in the API also PUT or DELETE) name who gets in:

    all             everybody               signed          everybody with an account
    borrow, invest  whose party does that   alice           alice alone; to others it is not there (404)
    alice/borrow    alice of those who borrow (the others are led to choose what they do here first)
    contact         who has proved a named number; others are asked for theirs
    staff, reviewer, …                      members of staff, of that role; to others it is not there
    under-way       whoever has begun it; others are led to where it begins
    -               nobody: there is no such method, or no such thing of theirs

Strangers get 404, with the same body as for a thing that does not exist; whoever has not signed in is sent to sign in (in the API: 401).
"""

PAGES = """
pages:home                     -                all              -
pages:how                      -                all              -
pages:circle                   -                all              -
pages:help                     -                all              -
pages:definitions              -                all              -
pages:outcomes                 -                all              -
pages:language                 english          all              -
healthz                        -                all              -
readyz                         -                all              -

privacy:notices                -                all              -
privacy:notice                 notice           all              -
privacy:key                    -                all              -
privacy:simulator              -                all              -
privacy:centre                 -                signed           -
privacy:looks                  -                signed           -
privacy:export                 -                signed           -
privacy:consent                marketing        signed           signed
privacy:consent                affair           alice            alice
privacy:withdraw               affair           -                alice
privacy:receipt                receipt          alice            -
privacy:record                 receipt          alice            -
privacy:requests               -                signed           -
privacy:ask                    explain          signed           signed
privacy:ask_erase              -                signed           signed
privacy:request                request          alice            -
privacy:appeal                 request          -                alice
privacy:take_back              request          -                alice
privacy:breach                 elsewhere        -                -
privacy:attempts               -                signed           -
privacy:decision               elsewhere        -                -

credit:models                  -                all              -
credit:model                   card             all              -
credit:evidence                -                all              -

circle:invitation              circle_link      all              all
circle:decline                 circle_link      -                all
circle:never_by_link           circle_link      all              all
circle:never                   -                all              all
circle:code                    -                under-way        under-way
circle:done                    done             all              -
circle:find                    -                all              all
circle:phone                   -                all              all
circle:passport                -                contact          -
circle:stop                    -                -                contact
circle:erase                   -                -                contact
circle:export                  -                contact          -
circle:leave                   -                -                under-way
circle:allow                   contact          -                contact
circle:complain                contact          -                contact
circle:answer                  question         -                -

accounts:settings              -                signed           signed
accounts:onboarding            -                signed           -
accounts:sides                 -                signed           signed
accounts:identity              -                signed           signed
accounts:switch                switch           -                alice
accounts:parties               -                signed           -
accounts:new_business          -                signed           signed
accounts:party                 business         alice            alice
accounts:end_membership        membership       -                alice
accounts:accept_invitation     invitation       -                bob
accounts:withdraw_invitation   invitation       -                alice
accounts:tokens                -                signed           -
accounts:new_token             -                signed           signed
accounts:revoke_token          token            -                alice

notifications:inbox            -                signed           -
notifications:message          message          alice            -
notifications:read_all         -                -                signed
notifications:preferences      -                signed           signed

payments:wallet                -                signed           -
payments:deposit               -                signed           signed
payments:withdraw              -                signed           signed
payments:withdraw_confirm      -                -                signed
payments:bank_accounts         -                signed           -
payments:add_bank_account      -                signed           signed
payments:retire_account        account          -                alice
payments:payment               payment          alice            -

loans:calculator               -                all              -
loans:statistics               -                all              -
loans:cohorts_csv              -                all              -
loans:tape_csv                 -                all              -
loans:statements               -                signed           -
loans:statement                elsewhen         -                -
loans:calculator_csv           -                all              -
loans:start                    -                borrow           borrow
loans:applications             -                borrow           -
loans:application              draft            alice/borrow     -
loans:application              sent             alice/borrow     -
loans:check                    draft            alice/borrow     -
loans:submit                   draft            -                alice/borrow
loans:withdraw                 sent             -                alice/borrow
loans:answer                   sent             -                alice/borrow
loans:second_look              sent             -                alice/borrow
loans:correct                  sent             -                alice/borrow
loans:corrected                sent             -                alice/borrow
loans:documents                draft            alice/borrow     alice/borrow
loans:document                 document         alice/borrow     -
loans:remove_document          document         -                alice/borrow
loans:section                  project          alice/borrow     alice/borrow
loans:choices                  draft            alice/borrow     -
loans:choice                   choice           alice/borrow     alice/borrow
loans:circle                   draft            alice/borrow     alice/borrow
loans:circle_take_back         named            -                alice/borrow
loans:obligors                 draft            alice/borrow     alice/borrow
loans:take_back                invited          -                alice/borrow
loans:invitation               co-borrow_link   all              all
loans:obligation               joined           grace/borrow     -
loans:step_back                joined           -                grace/borrow
loans:offer                    offer            alice/borrow     -
loans:draft_paper              offer            alice/borrow     -
loans:sign                     offer            -                alice/borrow
loans:decline                  offer            -                alice/borrow
loans:paper                    paper            alice/borrow     -
loans:loans                    -                borrow           -
loans:loan                     loan             alice/borrow     -
loans:repay                    loan             -                alice/borrow
loans:settle                   loan             -                alice/borrow
loans:promise                  loan             -                alice/borrow
loans:hardship                 loan             alice/borrow     alice/borrow
loans:hardship_take_back       loan             -                alice/borrow
loans:evidence                 evidence         alice/borrow     -
loans:plan                     plan             alice/borrow     -
loans:accept_plan              plan             -                alice/borrow
loans:decline_plan             plan             -                alice/borrow
loans:early                    loan             alice/borrow     -
loans:payoff                   loan             alice/borrow     alice/borrow
loans:overpaid                 loan             -                alice/borrow
loans:autopay                  loan             -                alice/borrow

marketplace:listings           -                invest           -
marketplace:compare            -                invest           -
marketplace:searches           -                invest           invest
marketplace:end_search         search           -                bob/invest
marketplace:listing            listing          invest           -
marketplace:listing            closed_listing   bob/invest       -
marketplace:seen               draft            alice/borrow     -
marketplace:record             closed_listing   bob/invest       -
marketplace:figures            closed_listing   bob/invest       -
marketplace:pledge             listing          invest           invest
marketplace:pledge             closed_listing   bob/invest       bob/invest
marketplace:ask_question       listing          -                invest
marketplace:questions          -                borrow           -
marketplace:answer_question    market_question         -                alice/borrow
marketplace:receipt            pledge           bob/invest       -
marketplace:cancel             pledge           -                bob/invest
marketplace:portfolio          -                invest           -
marketplace:sales              -                invest           -
marketplace:sale               sale             invest           invest
marketplace:cancel_sale        sale             -                bob/invest
marketplace:bought             pledge           -                -
marketplace:sell               closed_listing   bob/invest       bob/invest
marketplace:holding            closed_listing   bob/invest       -
marketplace:suitability        -                invest           invest
marketplace:acknowledge_suitability -           -                -
marketplace:tax_years          -                invest           -
marketplace:tax_year           tax_year         bob/invest       -
marketplace:tax_csv            tax_year         bob/invest       -
marketplace:tax_pdf            tax_year         bob/invest       -
marketplace:plan               plan             bob/invest       -
marketplace:vote               plan             -                bob/invest
marketplace:runs               -                all              -
marketplace:rule               -                all              -
marketplace:run                run              all              -
marketplace:run_file           run              all              -
marketplace:proof              run              bob/invest       -
marketplace:proof_input        run              bob/invest       -
marketplace:proof_certificate  run              bob/invest       -
marketplace:mandates           -                invest           -
marketplace:new_mandate        -                invest           invest
marketplace:mandate_preview    -                -                invest
marketplace:mandate            mandate          bob/invest       -
marketplace:edit_mandate       mandate          bob/invest       bob/invest
marketplace:mandate_act        mandate_stop     -                bob/invest
"""

# Signing in, and how one signs in: django-allauth's pages, with our templates. The key is eve's, and staff have an authenticator app.
SIGN_IN = """
account_login                            -      all              all
account_logout                           -      all              all
account_inactive                         -      all              -
account_signup                           -      all              all
account_reauthenticate                   -      signed           signed
account_email                            -      signed           signed
account_email_verification_sent          -      under-way        under-way
account_change_password                  -      signed           signed
account_set_password                     -      signed           signed
account_reset_password                   -      all              all
account_confirm_login_code               -      under-way        under-way
account_reset_password_done              -      all              -
account_reset_password_from_key_done     -      all              -
account_reset_password_from_key          reset  all              all
mfa_index                                -      signed           -
mfa_authenticate                         -      under-way        under-way
mfa_reauthenticate                       -      signed           signed
mfa_activate_totp                        -      signed           signed
mfa_deactivate_totp                      -      staff            staff
mfa_view_recovery_codes                  -      -                -
mfa_generate_recovery_codes              -      signed           signed
mfa_download_recovery_codes              -      -                -
mfa_list_webauthn                        -      signed           -
mfa_add_webauthn                         -      signed           signed
mfa_reauthenticate_webauthn              -      signed           signed
mfa_remove_webauthn                      key    -                -
mfa_edit_webauthn                        key    -                -
mfa_login_webauthn                       -      under-way        under-way
usersessions_list                        -      signed           signed
"""

API = """
api:me                         -                signed           -
api:parties                    -                signed           -
api:schema                     -                all              -
api:nothing                    -                -                -
api:wallet                     -                signed           -
api:statement                  -                signed           -
api:deposit                    -                signed           signed
api:withdrawals                -                -                signed
api:bank_accounts              -                signed           -
api:payment                    payment          alice            -
api:listings                   -                invest           -
api:listing                    listing          invest           -
api:listing                    closed_listing   bob/invest       -
api:place                      listing          -                invest
api:place                      closed_listing   -                bob/invest
api:pledges                    -                invest           -
api:pledge                     pledge           bob/invest       -
api:cancel                     pledge           -                bob/invest
api:compare                    -                invest           -
api:searches                   -                invest           invest
api:search_end                 search           -                bob/invest
api:mandates                   -                invest           invest
api:mandate                    mandate          bob/invest       bob/invest
api:mandate_preview            mandate          bob/invest       -
api:mandate_act                mandate_stop     -                bob/invest
api:runs                       -                signed           -
api:run_next                   -                signed           -
api:run                        run              signed           -
api:proof                      run              bob/invest       -
api:portfolio                  -                invest           -
api:result                     -                invest           -
api:holdings                   -                invest           -
api:sell                       closed_listing   -                bob/invest
api:own_sales                  -                invest           -
api:sales                      -                invest           -
api:sale                       sale             invest           -
api:sale_buy                   sale             -                invest
api:sale_cancel                sale             -                bob/invest
api:purchase                   pledge           -                -
api:months                     -                invest           -
api:applications               -                borrow           borrow
api:application                draft            alice/borrow     -
api:reasons                    sent             alice/borrow     -
api:project                    draft            -                alice/borrow
api:funds                      draft            -                alice/borrow
api:background                 draft            alice/borrow     alice/borrow
api:repayment                  draft            alice/borrow     alice/borrow
api:finances                   draft            alice/borrow     alice/borrow
api:privacy                    draft            alice/borrow     alice/borrow
api:documents                  draft            -                alice/borrow
api:submit                     draft            -                alice/borrow
api:withdraw                   sent             -                alice/borrow
api:document                   document         alice/borrow     alice/borrow
api:offers                     -                borrow           -
api:offer                      offer            alice/borrow     -
api:sign                       offer            -                alice/borrow
api:decline                    offer            -                alice/borrow
api:loans                      -                borrow           -
api:loan                       loan             alice/borrow     -
api:schedule                   loan             alice/borrow     -
api:repayments                 loan             alice/borrow     alice/borrow
api:settlement                 loan             alice/borrow     alice/borrow
"""

# The admin: each model, and which roles look at it, add, change and delete: r reviewer, a approver, s servicer, u auditor. Everybody else signs in first.
MODELS = """
core.job                       su       -        s        -
core.holiday                   su       -        s        -
ledger.account                 asu      -        -        -
ledger.transfer                asu      -        -        -
privacy.datasubject            u        -        -        -
privacy.matter                 u        -        -        -
privacy.notice                 u        -        -        -
privacy.consent                u        -        -        -
privacy.accesslog              u        -        -        -
privacy.segment                u        -        -        -
privacy.rightsrequest          u        -        -        -
privacy.erasureproof           u        -        -        -
privacy.restriction            u        -        -        -
privacy.impactassessment       u        -        -        -
privacy.processor              u        -        -        -
privacy.breach                 u        -        -        -
privacy.contact                u        -        -        -
privacy.contactlink            u        -        -        -
privacy.contactdecision        su       -        -        -
privacy.complaint              u        -        -        -
privacy.outboundmessage        u        -        -        -
accounts.user                  u        -        -        -
accounts.party                 rasu     -        -        -
accounts.identitycheck         ru       -        -        -
accounts.membership            u        -        -        -
accounts.act                   u        -        -        -
payments.payment               asu      -        -        -
payments.bankline              asu      -        -        -
payments.bankaccount           asu      -        -        -
payments.sandboxorder          asu      -        -        -
payments.sandboxtransfer       asu      -        -        -
payments.sandboxline           asu      -        -        -
loans.application              rasu     -        -        -
loans.disbursement             rasu     -        -        -
loans.loan                     rasu     -        -        -
loans.collectionscase          rasu     -        -        -
loans.daybook                  rasu     -        -        -
loans.hardshiprequest          rasu     -        -        -
loans.adjustment               rasu     -        -        -
loans.dayrun                   rasu     -        -        -
loans.parkedloan               rasu     -        -        -
loans.recovery                 rasu     -        -        -
loans.laddercase               rasu     -        -        -
loans.repayment                rasu     -        -        -
loans.participation            rasu     -        -        -
loans.secondlook               rasu     -        -        -
loans.override                 rasu     -        -        -
credit.decision                ru       -        -        -
credit.shadowscore             ru       -        -        -
credit.modelchange             rau      -        -        -
credit.modelalarm              rau      -        -        -
credit.weekofinputs            rau      -        -        -
credit.monthofoutcomes         rau      -        -        -
marketplace.listing            ru       -        -        -
marketplace.pledge             ru       -        -        -
marketplace.question           ru       -        -        -
marketplace.sale               ru       -        -        -
marketplace.purchase           ru       -        -        -
marketplace.mandate            ru       -        -        -
marketplace.matchrun           ru       -        -        -
auth.group                     -        -        -        -
"""

# Pages of the admin that are no model's own. What is done there asks for a permission of its own: dan reviews and proposes; the rest is refused (403).
DESK = """
admin:index                              -              rasu     rasu
admin:login                              -              rasu     rasu
admin:logout                             -              any      all
admin:password_change                    -              rasu     rasu
admin:password_change_done               -              rasu     -
admin:autocomplete                       -              -        -
admin:jsi18n                             -              rasu     -
admin:view_on_site                       nothing        -        -
admin:app_list                           loans_app      rasu     rasu
admin:loans_application_act              application    -        r
admin:loans_application_file             application    r        r
admin:loans_application_document         handed_in      r        r
admin:loans_collectionscase_act          case           -        s
admin:loans_hardshiprequest_act          hardship       -        s
admin:loans_hardshiprequest_file         hardship       s        s
admin:loans_hardshiprequest_evidence     hardship_paper s        s
admin:marketplace_question_act           asked          -        r
admin:loans_laddercase_open              ladder         rs       rs
admin:loans_laddercase_desk              elsewhere      -        -
admin:loans_laddercase_figures           -              rasu     rasu
admin:privacy_complaint_desk             elsewhere      -        -
admin:loans_disbursement_act             disbursement   -        r
admin:loans_secondlook_act               look           -        a
admin:loans_override_act                 override       -        a
admin:credit_modelchange_propose         -              -        -
admin:credit_modelchange_act             change         -        a
admin:loans_loan_enter                   serviced       s        s
admin:loans_adjustment_act               adjustment     -        a
admin:loans_parkedloan_release           parked         -        s
admin:payments_payment_match             unmatched      s        s
admin:payments_payment_reconciliation    -              asu      asu
admin:privacy_rightsrequest_desk         request        -        -
admin:privacy_restriction_lift           elsewhere      -        -
"""
