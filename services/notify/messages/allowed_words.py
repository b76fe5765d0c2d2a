"""Every word a message may contain, by language.

It is code and not policy on purpose: a new word, or a new language, is read by a second person before it can go out.
Words that would say who we are, what happened or what help is meant do not belong here, however useful.
"""

from __future__ import annotations

_ENGLISH = """
a again agreed and answer any anything ask at been before but by can cannot changed check could did do first for from
get good has have how if in is it item later list longer look message more needs new news no nobody not note nothing
now of on once one open or over page please quote reach read reference replied reply say see seen short sign so
somebody something soon still stop suits thank thanks that the there this time to today touch until update urgent us
use wait waiting waits was way we when with without yet you your yours
"""

_SWAHILI = """
ambalo angalia asante au baadaye bado bila fungua habari hakuna halijajibiwa halikusomeka halina haliwezi hapa haraka
haujasomwa haukufika hivi hiyo ingia jambo jibu jipya kabla kama kesho kuangalia kufanya kufikisha kujibu kumbukumbu
kuna kusubiri kuufikisha kuwa kwa kwako kwanza kwenye la leo limebadilika linakusubiri lisiloweza lolote mara mfupi
moja muda na nambari nasi ndani njema njia orodha pia sasa sitisha subiri tafadhali tayari tena tu tuliyokubaliana
tumeshindwa uangalie uingie ujumbe ukiwa ukiweza ukurasa umekwisha umeliona unachofanya useme usilijibu uthibitishe wa
wakati wasiliana ya yako
"""

ALLOWED_WORDS: dict[str, frozenset[str]] = {"en": frozenset(_ENGLISH.split()), "sw": frozenset(_SWAHILI.split())}
