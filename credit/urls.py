"""Addresses of the pages about models and evidence."""

from django.urls import path

from credit import views

app_name = "credit"
urlpatterns = [
    path("models/", views.models, name="models"),
    path("models/<slug:name>/", views.model, name="model"),
    path("evidence/", views.evidence, name="evidence"),
]
