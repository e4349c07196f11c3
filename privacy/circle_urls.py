"""Addresses of the people around a borrower; hung under /circle/. A number or a name is in none of them."""

from django.urls import path

from . import circle_views as views

app_name = "circle"
urlpatterns = [
    path("i/<str:token>/", views.invitation, name="invitation"),
    path("i/<str:token>/decline/", views.decline, name="decline"),
    path("i/<str:token>/never/", views.never, name="never_by_link"),
    path("never/", views.never, name="never"),
    path("code/", views.code, name="code"),
    path("done/<slug:what>/", views.done, name="done"),
    path("find/", views.find, name="find"),
    path("me/", views.own_page, name="passport"),
    path("me/stop/", views.stop, name="stop"),
    path("me/erase/", views.erase, name="erase"),
    path("me/export/", views.export, name="export"),
    path("me/leave/", views.leave, name="leave"),
    path("me/<str:reference>/allow/", views.allow, name="allow"),
    path("me/<str:reference>/complain/", views.complain, name="complain"),
    path("me/<str:reference>/answer/<str:message>/", views.answer, name="answer"),
    path("phone/", views.phone, name="phone"),
]
