"""Words behind the decision whether a full stop ends a sentence, per language.

Written without the last full stop; spaces inside ("z. B.") are left out. A word in lower case stands for its
capitalised form too; a capitalised word (a title or a name) only for itself.
"""


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


# Something always follows: "Dr. Meier", "z. B. Hunde".
OPEN = _words(
    # German
    "z.B z.T z.Zt d.h d.i i.d.R i.A i.V u.U o.g s.o s.u v.a m.E bzw ca vgl Dr Prof Hr Fr Hrn Dipl Ing Nr",
    "Bd Kap inkl bzgl einschl ausschl entspr eigtl vorauss vsl zw od lfd Fam ehem dt engl frz rel städt",
    "z.Hd i.H.v Btl Fl Pkg",
    "med jur phil exkl zzgl evtl ggf sog gem bspw insb mind max geb gest verh Tel Abb Hl Ew Fa Inh",
    # English
    "e.g i.e cf vs viz approx Mr Mrs Ms Mx Messrs Prof Rev Hon Gen Col Capt Cpt Lt Sgt Maj Sen Rep Gov",
    "Pres Mt Ft",
    # French
    "M MM Mme Mmes Mlle Mlles Mgr Pr p.ex c.à.d env av apr bd tél Ste",
    # Spanish
    "Sr Sra Sres Srta Dra Dres Excmo Excma Ilmo Ilma Lic Arq D.ª Dña p.ej pág págs núm aprox Avda av",
    # Italian
    "Sig sigg Arch Dott dott.ssa dott.sse prof.ssa sig.ra sig.na Ing Avv Geom Rag On p.es pag pagg cfr ca tel",
    # Portuguese
    "Sr Sra Srs Srta Dr Dra Drs Profa Profª Eng Exmo Exma V.Exa p.ex pág págs aprox Av nº",
    # Russian
    "т.е т.к т.н т.о ул пер просп бул бульв пл наб пос ср гр проф акад доц напр тел стр табл гл св",
)

# In small letters; without words that end sentences, like "mar", "set" or "ago".
_DAYS_AND_MONTHS = _words(
    "lun jeu ven gio mié jue vie sab sáb seg janv févr avr juil sept oct nov déc ene feb abr dic gen giu lug ott",
    "jan fev dez янв февр апр авг сент окт нояб дек пн вт чт пт сб",
)

# A sentence may end here, and then a capital letter follows: "um 9 a.m. We", "usw. Dann".
CLOSING = _words(
    "etc a.m p.m am pm jh jhdt p.P p.a n.V ecc usw usf uvm u.v.m u.dgl u.ä o.ä min sec hr hrs ft lb lbs oz",
    "т.д т.п др пр руб коп тыс млн млрд трлн г гг в вв н.э до.н.э мин сек ч чел шт кг км",
)
CLOSING |= _DAYS_AND_MONTHS

# A name may follow as well as a sentence: a word that starts sentences decides. "U.S. Army", "Main St. The".
NAMES = _words(
    "U.S U.K U.N E.U U.S.A D.C N.Y L.A B.C A.D Ph.D M.D B.A M.A M.Sc B.Sc Inc Ltd Co Corp Bros Jr St Ave",
    "Blvd Rd",
    "Str str Pl Ud Uds Vd J.-C см им u.a u.Ä u.s.w s.a n.Chr v.Chr EE.UU Cía Ltda S.A S.p.A S.r.l Ed Esq",
    "Hbf Bhf Sr GmbH EE UU FF RR HH sig dott avv geom ing prof arch soc Al Gal Cel Cia Pe",
    "Std Min Sek Tsd Mio Mrd Bio Mo Di Mi Do Sa So Mon Tue Tues Wed Thu Thur Thurs Fri Sat Sun",
    "Jan Feb Febr Mar Apr Jun Jul Aug Sep Sept Okt Oct Nov Dez Dec",
)

# Only an abbreviation when a number follows, a Roman one too: "No. 5", "sec. XIX" but "No. I won't."
BEFORE_NUMBER = _words(
    "no nos nr gl whg anl erw pos zus",
    "rte hwy ep eps art fig vol ch chap cap ft temp sec p pp s S bd kap ver v abs ziff tab abb num n séc str стр кв",
    "д оф гл рис п с темп корп каб ауд доб подъезд лит",
)
BEFORE_NUMBER |= _DAYS_AND_MONTHS | _words("mar mer sam dim dom ter qua qui")

GERMAN_MONTHS = _words(
    "Januar Jänner Februar Feber März Maerz April Mai Juni Juli August September Oktober November Dezember",
    "Jan Feb Mär Apr Jun Jul Aug Sep Sept Okt Nov Dez",
)

# After these a number with a full stop is an ordinal: "am 3.", "der 2.".
ORDINAL_LEADS = _words(
    "am im der die das den dem des vom zum zur beim ab seit ihr ihre ihrem ihren sein seine seinem seinen",
    "mein meine",
    "meinem meinen unser unsere unserem unseren jeder jede jedes jeden ein eine einen jedem diesem dieser",
    "dieses und",
    "Am Im Der Die Das Den Dem Des Vom Zum Zur Beim Ab Seit Ihr Sein Mein Unser Jeder Jede Jedes",
)

# Before these a number with a full stop is an ordinal: "19. Jahrhundert".
ORDINAL_NOUNS = _words(
    "Jahrhundert Jahrhunderts Stock Stockwerk Etage Klasse Platz Mal Geburtstag Weltkrieg Weltkriegs",
    "Auflage Kapitel",
    "Liga Spieltag Runde Tag Woche Monat Jahr Quartal Stunde Advent Versuch Teil Akt Satz Absatz Bezirk",
    "OG UG FC Obergeschoss Untergeschoss Weihnachtstag Feiertag Halbzeit Bundesliga Halbjahr Semester",
)

# Words that often start a sentence and are no names.
STARTERS = _words(
    "The A An This That These Those He She It They We You I But And Or So Then Now There Here In On At If",
    "When While",
    "What Who Where Why How Is Are Was Were Do Does Did Can Could Will Would My Your His Her Its Our",
    "Their No Yes Not",
    "After Before Because However Please Let For From With As By To Of Also Maybe Some All Both Each",
    "Every One Thanks",
    "Der Die Das Den Dem Ein Eine Einen Er Sie Es Wir Ihr Ich Du Man Und Oder Aber Denn Dann Da Dort Hier",
    "Heute Jetzt",
    "Wenn Weil Als Ob Dass Im Am Zum Zur Bei Mit Auf Aus Nach Vor Für Ohne Was Wer Wo Wie Warum Ist Sind",
    "War Hat Haben",
    "Kann Nein Ja Bitte Danke Dies Diese Dieser Dieses Mein Dein Sein Unser Danach Außerdem Also Doch Nur",
    "Noch Morgen",
    "Le La Les Un Une Des Il Elle On Nous Vous Ils Elles Je Tu Ce Cette Ces C Et Ou Mais Donc Puis Alors",
    "Dans Sur Pour Hier Demain Ici",
    "Avec Sans Si Quand Comme Que Qui Où Oui Non Ensuite Voilà Mon Ton Son",
    "El Los Las Una Unos Unas Él Ella Ellos Ellas Yo Tú Nosotros Y O Pero Luego Entonces Cuando Como Qué",
    "Quién Dónde",
    "Hoy Ayer Mañana Ahora Aquí Allí También Tampoco Fin",
    "En Con Sin Por Para Sí Es Está Son Hay Mi Su Este Esta Eso Después Gracias Ya Vamos",
    "Lo Gli I Uno Lui Lei Noi Voi Loro Io E Ma Poi Allora Quando Perché Come Che Chi Dove Nel Nella Sì",
    "Per Non È Questo Oggi Ieri Domani Ora Adesso Qui",
    "Questa Dopo Grazie Andiamo",
    "Os As Um Uma Ele Ela Eles Elas Eu Nós Mas Depois Então Onde Quem Não Sim Isto Isso Este Esta No Na",
    "Com Sem Vamos Hoje Ontem Amanhã Agora Aqui Fim",
    "Он Она Оно Они Мы Вы Я Ты Это Этот Эта И А Но Или Потом Затем Когда Если Как Что Кто Где В На С К По",
    "За Из От Для",
    "Не Да Нет Там Тут Здесь Сейчас Теперь Так Потому Все Мой Моя Наш",
)
