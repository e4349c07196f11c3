"""How every form is drawn: label, hint, error, control, by templates/forms/."""

from __future__ import annotations

from django.forms.renderers import TemplatesSetting


class FormRenderer(TemplatesSetting):
    """Forms and fields by our templates; widgets stay Django's."""

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"
