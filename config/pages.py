"""The pages anybody may read: the front page with its live figures, how it works, help, definitions."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from config import figures


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/home.html", figures.front_page(now=timezone.now()))


@require_safe
def how(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/how.html", figures.worked_example())


@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/help.html")


@require_safe
def definitions(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/definitions.html")
