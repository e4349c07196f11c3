"""Addresses of the pages anybody may read."""

from django.urls import path

from config import language, pages

app_name = "pages"
urlpatterns = [
    path("", pages.home, name="home"),
    path("how/", pages.how, name="how"),
    path("circle/", pages.circle, name="circle"),
    path("help/", pages.help_page, name="help"),
    path("definitions/", pages.definitions, name="definitions"),
    path("outcomes/", pages.decisions, name="outcomes"),
    path("language/<slug:code>/", language.language, name="language"),
]
