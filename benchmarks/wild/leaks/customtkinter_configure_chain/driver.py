"""A button is shown in a window of plain tkinter and destroyed; Tcl runs without Tk, so no display is needed."""

import tkinter

import customtkinter

ROOT = tkinter.Tk(useTk=False)
ROOT.tk.eval("proc unknown args {return 1}")
tkinter._default_root = ROOT


def work():
    customtkinter.CTkButton(ROOT).destroy()
