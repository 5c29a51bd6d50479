"""A scrollable frame is shown and destroyed; Tcl runs without Tk, whose commands do nothing, so no display is needed."""

import tkinter

import customtkinter

ROOT = tkinter.Tk(useTk=False)
ROOT.tk.eval("proc unknown args {return 1}")
tkinter._default_root = ROOT
PAGE = customtkinter.CTkFrame(ROOT)


def work():
    customtkinter.CTkScrollableFrame(PAGE).destroy()
