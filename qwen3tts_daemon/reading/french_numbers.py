"""French numbers, dates and lengths of time in words, and the gender of the nouns that they stand before."""

from num2words import num2words  # type: ignore[import-untyped]

MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
    "décembre",
)  # fmt: skip
_FRACTIONS = {2: "demi", 3: "tiers", 4: "quart"}
_FEMININE = (
    "adresse aile alarme alerte amande amie ampoule ancienne annonce antenne appli arme armoire asperge assiette "
    "attaque aubergine autre avenue averse baie baignoire balle banane banque barre batterie bière bombe bonne "
    "bouche boucle bougie boîte branche brioche brique brosse cabine calorie caméra carotte carte case casserole "
    "catégorie cave centaine cerise chaise chambre chanson chaîne chemise chose châtaigne chèvre cible cloche clé "
    "colle colonne commande commune consigne consommation corde couche couleur coupe coupure courgette course croix "
    "crêpe cuillère cuisine culotte cuve dame date datte demande dent dinde diode dizaine dose douche douzaine "
    "découverte défaite enceinte endive enveloppe erreur espèce famille faute femme fenêtre ferme feuille ficelle "
    "fiche figue file flamme fleur fois force forêt fraise framboise friandise frite fuite fusée galerie glace "
    "gousse goutte grande grosse grève guerre gélule herbe histoire horloge huître image jambe jupe lampe larme "
    "lessive lettre leçon ligne limite liste livraison loi longue lune machine madeleine main mairie maison maladie "
    "manche mandarine marche marque mauvaise mer merguez minute mise montagne montre moto mouche mousse myrtille "
    "mère nappe noix note nouvelle nuit odeur offre oie olive ombre orange page paire panne parole part partie "
    "passerelle pastille patate pause peine perle personne perte petite phase photo phrase pierre pile pilule piste "
    "pizza pièce place plage planche plante planète plaque playlist pluie poche poire police pomme pompe porte "
    "poudre poule poêle prise prune pub puce pâte pêche queue radio rafale rame robe roche roue rue règle réponse "
    "réunion salade salle saucisse scène seconde secousse semaine serviette seule sirène soeur somme sortie soupe "
    "source souris série sœur table tarte tasse taxe tempête tentative tente tomate tonne tortue touche tour trace "
    "tranche truite tuile tâche télé tête usine vache vague valeur valise vanne vente veste victime victoire vidéo "
    "vie villa vis visite vitre voie voile voisine voix zone éclaircie école église éolienne éponge équipe étape "
    "étoile île"
)
_FEMININES = frozenset(_FEMININE.split())
_FEMININE_ENDINGS = (
    "tion", "sion", "xion", "té", "ance", "ence", "ette", "ure", "elle", "esse", "euse", "trice", "ière", "ée",
    "ille",
)  # fmt: skip
_MASCULINES = frozenset(
    (
        "été",
        "côté",
        "comité",
        "pâté",
        "traité",
        "lycée",
        "musée",
        "trophée",
        "silence",
        "squelette",
        "mercure",
        "murmure",
    )
)


def gender(noun: str) -> str:
    """ "f" or nothing, of a noun in the singular or the plural, as far as its ending or the table tells."""
    singular = noun.removesuffix("s")
    if {noun, singular} & _MASCULINES:
        return ""
    return "f" if {noun, singular} & _FEMININES or singular.endswith(_FEMININE_ENDINGS) else ""


def cardinal(n: int, gender: str = "") -> str:
    """ "vingt et un", "vingt et une" """
    said = str(num2words(n, lang="fr"))
    return f"{said}e" if gender == "f" and (said == "un" or said.endswith((" un", "-un"))) else said


def as_name(n: int) -> str:
    """Of a page or a year: "quatre-vingt" and "deux cent" have no plural there."""
    said = cardinal(n)
    return said.removesuffix("s") if said.endswith(("vingts", "cents")) else said


def ordinal(n: int, gender: str = "") -> str:
    """ "premier", "première", "vingt et unième" """
    if n == 1:
        return "première" if gender == "f" else "premier"
    said = str(num2words(n, lang="fr", to="ordinal"))
    return f"{said.removesuffix('sième')}ième" if said.endswith(("ntsième", "gtsième", "llionsième")) else said


def fraction(numerator: int, denominator: int) -> str:
    """ "deux tiers" """
    name = _FRACTIONS.get(denominator) or ordinal(denominator)
    return f"{cardinal(numerator)} {name}{'s' if numerator > 1 and name != 'tiers' else ''}"


def digit_groups(digits: str) -> str:
    """A group of digits of a telephone number: "zéro six", "quarante-deux"."""
    zeros = len(digits) - len(digits.lstrip("0"))
    if zeros:
        rest = digits[zeros:]
        return " ".join(["zéro"] * zeros + ([digit_groups(rest)] if rest else []))
    if len(digits) > 3:
        return " ".join(digit_groups(digits[at : at + 2]) for at in range(0, len(digits), 2))
    return cardinal(int(digits))


def date(day: int, month: int, year: int | None = None) -> str:
    """ "premier avril deux mille vingt-six" """
    said = f"{'premier' if day == 1 else cardinal(day)} {MONTHS[month - 1]}"
    return f"{said} {cardinal(year)}" if year else said


def clock(hour: int, minute: int, second: int | None = None) -> str:
    """ "quatorze heures trente", "minuit" """
    if not hour and not minute and not second:
        return "minuit"
    hours = _counted(hour, "heure")
    if second:
        return f"{hours} {_counted(minute, 'minute')} et {_counted(second, 'seconde')}"
    return f"{hours} {cardinal(minute)}" if minute else hours


def length(hours: int, minutes: int, seconds: int) -> str:
    """ "une heure trente minutes", "neuf minutes et trente secondes" """
    counts = ((hours, "heure"), (minutes, "minute"), (seconds, "seconde"))
    parts = [_counted(n, unit) for n, unit in counts if n] or ["zéro seconde"]
    joint = " et " if seconds and len(parts) > 1 else " "
    return joint.join(filter(None, (" ".join(parts[:-1]), parts[-1]))).strip()


def _counted(n: int, unit: str) -> str:
    return f"{cardinal(n, 'f')} {unit}{'s' if n > 1 else ''}"
