"""Pinyin -> common characters that are said so: a voice that reads Chinese says them rightly, whatever it is.

The table was made of GB 2312's characters and of a dictionary with readings: for each syllable the commonest character
that is hardly ever read in another way, and no 一 or 不, whose tone goes with what follows.
"""

import functools
import unicodedata

import regex  # type: ignore[import-untyped,unused-ignore]

_CHARACTERS = """
a1阿 a2嗄 a5啊 ai1埃 ai2癌 ai3矮 ai4爱 an1安 an3俺 an4按 ang1肮 ang2昂 ang4盎 ao1凹 ao2熬 ao3袄 ao4奥 ba1八 ba2拔
ba3把 ba4罢 ba5吧 bai1掰 bai2白 bai3百 bai4败 ban1班 ban3板 ban4办 bang1邦 bang3榜 bang4棒 bao1包 bao2雹 bao3保
bao4报 bei1杯 bei3北 bei4被 bei5呗 ben1奔 ben3本 ben4笨 beng1崩 beng2甭 beng4泵 bi1逼 bi2鼻 bi3比 bi4必 bian1边
bian3扁 bian4变 biao1标 biao3表 biao4鳔 bie1憋 bie2别 bie3瘪 bin1宾 bin4殡 bing1兵 bing3秉 bing4病 bo1波 bo2博 bo3跛
bo4檗 bu1逋 bu2醭 bu3补 bu4部 ca1擦 ca3礤 cai1猜 cai2才 cai3彩 cai4菜 can1餐 can2残 can3惨 can4灿 cang1舱 cang2藏
cao1操 cao2曹 cao3草 ce4策 cen2岑 ceng1噌 ceng2层 ceng4蹭 cha1插 cha2察 cha3衩 cha4诧 chai1拆 chai2柴 chai4虿 chan1搀
chan2缠 chan3产 chan4颤 chang1昌 chang2常 chang3厂 chang4唱 chao1超 chao2潮 chao3炒 chao4耖 che1车 che3扯 che4撤
chen1琛 chen2陈 chen3碜 chen4趁 cheng1撑 cheng2成 cheng3逞 cheng4秤 chi1吃 chi2持 chi3尺 chi4赤 chong1充 chong2崇
chong3宠 chong4铳 chou1抽 chou2仇 chou3丑 chou4臭 chu1出 chu2除 chu3楚 chu4触 chuai4踹 chuan1穿 chuan2船 chuan3喘
chuan4串 chuang1窗 chuang2床 chuang3闯 chuang4创 chui1吹 chui2垂 chun1春 chun2纯 chun3蠢 chuo1戳 chuo4绰 ci1疵 ci2词
ci3此 ci4次 cong1匆 cong2从 cou4凑 cu1粗 cu2徂 cu4促 cuan1蹿 cuan4窜 cui1催 cui3璀 cui4脆 cun1村 cun2存 cun3忖 cun4寸
cuo1撮 cuo2嵯 cuo4错 da1搭 da2达 da3打 da4大 dai1呆 dai3歹 dai4代 dan1丹 dan3胆 dan4但 dang1当 dang3党 dang4荡 dao1刀
dao3导 dao4到 de2德 de5的 deng1登 deng3等 deng4邓 di1低 di2敌 di3底 di4地 dian1颠 dian3点 dian4电 diao1雕 diao4掉
die1爹 die2叠 ding1丁 ding3顶 ding4定 diu1丢 dong1东 dong3董 dong4动 dou1兜 dou3抖 dou4豆 du1督 du2独 du3赌 du4渡
duan1端 duan3短 duan4段 dui1堆 dui4对 dun1吨 dun3盹 dun4顿 duo1多 duo2夺 duo3躲 duo4舵 e1婀 e2额 e4鄂 ei2诶 en1恩
en4摁 er2儿 er3尔 er4二 fa1发 fa2罚 fa3法 fa4珐 fan1翻 fan2繁 fan3反 fan4范 fang1方 fang2防 fang3访 fang4放 fei1非
fei2肥 fei3匪 fei4费 fen1纷 fen2坟 fen3粉 fen4份 feng1风 feng2逢 feng3讽 feng4奉 fou3否 fu1肤 fu2福 fu3府 fu4复 ga1呷
ga2噶 ga3尕 ga4尬 gai1该 gai3改 gai4概 gan1甘 gan3感 gan4赣 gang1刚 gang3港 gang4筻 gao1高 gao3搞 gao4告 ge1哥 ge2革
ge3舸 ge4各 gei3给 gen1根 gen2哏 gen3艮 gen4亘 geng1耕 geng3耿 geng4更 gong1工 gong3拱 gong4共 gou1沟 gou3狗 gou4构
gu1姑 gu3古 gu4故 gua1瓜 gua3寡 gua4挂 guai1乖 guai3拐 guai4怪 guan1关 guan3管 guan4贯 guang1光 guang3广 guang4逛
gui1规 gui3鬼 gui4贵 gun3滚 gun4棍 guo1郭 guo2国 guo3果 guo4过 ha1哈 ha2蛤 hai1嗨 hai2孩 hai3海 hai4害 han1酣 han2含
han3喊 han4汉 hang1夯 hang2航 hang4沆 hao1蒿 hao2毫 hao3郝 hao4耗 he1呵 he2合 he4贺 hei1黑 hen2痕 hen3很 hen4恨
heng1哼 heng2衡 hong1轰 hong2红 hong3哄 hong4讧 hou2猴 hou3吼 hou4后 hu1乎 hu2湖 hu3虎 hu4护 hua1花 hua2滑 hua4话
huai2怀 huai4坏 huan1欢 huan2环 huan3缓 huan4换 huang1荒 huang2黄 huang3恍 hui1挥 hui2回 hui3毁 hui4汇 hun1婚 hun2魂
hun4混 huo1锪 huo2活 huo3火 huo4或 ji1机 ji2及 ji3己 ji4计 jia1加 jia2颊 jia3甲 jia4价 jian1坚 jian3检 jian4建
jiang1江 jiang3讲 jiang4匠 jiao1交 jiao3脚 jiao4叫 jie1接 jie2截 jie3姐 jie4界 jin1金 jin3仅 jin4进 jing1经 jing3景
jing4境 jiong3炯 jiu1究 jiu3九 jiu4就 ju1居 ju2局 ju3举 ju4具 juan1捐 juan3卷 juan4眷 jue1撅 jue2决 jun1军 jun4郡
ka1喀 ka3卡 kai1开 kai3凯 kai4忾 kan1刊 kan3砍 kan4看 kang1康 kang2扛 kang4抗 kao1尻 kao3考 kao4靠 ke1科 ke2咳 ke3可
ke4克 ken3肯 ken4裉 keng1坑 kong1空 kong3恐 kong4控 kou1抠 kou3口 kou4扣 ku1哭 ku3苦 ku4库 kua1夸 kua3垮 kua4跨
kuai3蒯 kuai4快 kuan1宽 kuan3款 kuang1匡 kuang2狂 kuang3夼 kuang4况 kui1亏 kui2魁 kui4溃 kun1昆 kun3捆 kun4困 kuo4括
la1拉 la2剌 la3喇 la4腊 la5啦 lai2来 lai4赖 lan2兰 lan3览 lan4烂 lang1啷 lang2郎 lang3朗 lang4浪 lao1捞 lao2劳 lao3老
lao4涝 le4乐 le5了 lei2雷 lei3垒 lei4类 leng2棱 leng3冷 leng4愣 li1哩 li2离 li3里 li4力 lia3俩 lian2联 lian3脸
lian4练 liang2良 liang3两 liang4亮 liao2疗 liao3蓼 liao4料 lie4列 lin1拎 lin2林 lin3凛 lin4赁 ling2陵 ling3领 ling4另
liu1溜 liu2流 liu3柳 liu4六 long2龙 long3垄 lou2楼 lou3搂 lou4漏 lu1噜 lu2卢 lu3鲁 lu4路 luan2挛 luan3卵 luan4乱
lun1抡 lun2轮 lun4论 luo2罗 luo3裸 luo4络 lü2驴 lü3旅 lü4律 lüe4略 ma1妈 ma2麻 ma3马 ma4骂 ma5嘛 mai2霾 mai3买 mai4卖
man1颟 man2蛮 man3满 man4慢 mang2忙 mang3莽 mao1猫 mao2毛 mao3卯 mao4贸 me5么 mei2媒 mei3美 mei4妹 men2门 men4焖
men5们 meng2盟 meng3猛 meng4梦 mi1眯 mi2迷 mi3米 mi4密 mian2棉 mian3免 mian4面 miao1喵 miao2苗 miao3秒 miao4庙 mie1乜
mie4灭 min2民 min3敏 ming2明 ming3酩 ming4命 miu4谬 mo1摸 mo2魔 mo3抹 mo4末 mou1哞 mou2谋 mou3某 mu2毪 mu3母 mu4目
na2拿 na3哪 na4那 nai3乃 nai4耐 nan2南 nan3赧 nang1囔 nang2囊 nang3曩 nao1孬 nao2挠 nao3脑 nao4闹 ne4讷 ne5呢 nei3馁
nei4内 nen4嫩 neng2能 ni1妮 ni2尼 ni3你 ni4逆 nian1拈 nian2年 nian3碾 nian4念 niang2娘 niang4酿 niao3鸟 niao4尿
nie1捏 nie4聂 nin2您 ning2凝 ning4佞 niu1妞 niu2牛 niu3纽 nong2农 nong4弄 nou4耨 nu2奴 nu3努 nu4怒 nuan3暖 nuo2挪
nuo4诺 nü3女 nü4衄 nüe4虐 o1噢 o2哦 ou1欧 ou3偶 ou4怄 pa1啪 pa2爬 pa4怕 pai1拍 pai2排 pai4派 pan1攀 pan2盘 pan4判
pang1乓 pang2旁 pang3耪 pang4胖 pao1抛 pao2袍 pao3跑 pao4炮 pei1胚 pei2培 pei4配 pen1喷 pen2盆 peng1烹 peng2朋
peng3捧 peng4碰 pi1批 pi2皮 pi3匹 pi4屁 pian1偏 pian2谝 pian4骗 piao1飘 piao2瓢 piao3瞟 piao4票 pie1瞥 pie3苤 pin1拼
pin2频 pin3品 pin4聘 ping1乒 ping2平 po1坡 po2鄱 po3颇 po4破 pou1剖 pu1扑 pu2葡 pu3普 pu4瀑 qi1期 qi2其 qi3起 qi4气
qia1掐 qia4恰 qian1千 qian2前 qian3浅 qian4欠 qiang1枪 qiang2墙 qiang3抢 qiang4炝 qiao1敲 qiao2桥 qiao3巧 qiao4鞘
qie3且 qie4窃 qin1侵 qin2秦 qin3寝 qin4沁 qing1清 qing2情 qing3请 qing4庆 qiong1芎 qiong2穷 qiu1秋 qiu2求 qiu3糗
qu1区 qu2渠 qu3取 qu4去 quan1圈 quan2全 quan3犬 quan4券 que1缺 que2瘸 que4却 qun1逡 qun2群 ran2然 ran3染 rang2瓤
rang3壤 rang4让 rao2饶 rao3扰 rao4绕 re3惹 re4热 ren2人 ren3忍 ren4任 reng1扔 reng2仍 ri4日 rong2容 rong3冗 rou2柔
rou4肉 ru2如 ru3乳 ru4入 ruan3软 rui2蕤 rui3蕊 rui4瑞 run4润 ruo4弱 sa1撒 sa3洒 sa4萨 sai1腮 sai4赛 san1三 san3伞
san4散 sang1桑 sang3嗓 sang4丧 sao1骚 sao3嫂 sao4埽 se4色 sen1森 seng1僧 sha1杀 sha2啥 sha3傻 sha4霎 shai1筛 shai4晒
shan1山 shan3闪 shan4善 shang1商 shang3赏 shang4上 shao1烧 shao2勺 shao3少 shao4绍 she1奢 she2蛇 she3舍 she4设
shen1身 shen2神 shen3审 shen4肾 sheng1声 sheng2绳 sheng3省 sheng4胜 shi1师 shi2时 shi3使 shi4事 shou1收 shou3手
shou4受 shu1书 shu2熟 shu3属 shu4术 shua1刷 shua3耍 shuai1衰 shuai3甩 shuai4帅 shuan1拴 shuan4涮 shuang1双 shuang3爽
shui2谁 shui3水 shui4睡 shun3吮 shun4顺 shuo1说 shuo4硕 si1司 si3死 si4四 song1松 song3耸 song4送 sou1搜 sou3擞
sou4嗽 su1苏 su2俗 su4速 suan1酸 suan4算 sui1虽 sui2随 sui3髓 sui4岁 sun1孙 sun3损 suo1缩 suo3所 ta1他 ta3塔 ta4踏
tai1胎 tai2抬 tai4太 tan1滩 tan2谈 tan3坦 tan4探 tang1汤 tang2堂 tang3倘 tang4趟 tao1掏 tao2桃 tao3讨 tao4套 te4特
teng2疼 ti1梯 ti2题 ti3体 ti4替 tian1天 tian2田 tian3舔 tian4掭 tiao1祧 tiao2条 tiao3窕 tiao4跳 tie1贴 tie3铁 tie4餮
ting1听 ting2停 ting3艇 tong1通 tong2童 tong3统 tong4痛 tou1偷 tou2投 tou4透 tu1突 tu2图 tu3土 tu4兔 tuan1湍 tuan2团
tuan3疃 tuan4彖 tui1推 tui2颓 tui3腿 tui4退 tun1吞 tun2屯 tun3氽 tuo1脱 tuo2陀 tuo3妥 tuo4唾 wa1挖 wa2娃 wa3瓦 wa4袜
wai1歪 wai4外 wan1湾 wan2完 wan3晚 wan4万 wang1汪 wang2王 wang3往 wang4望 wei1微 wei2围 wei3委 wei4位 wen1温 wen2文
wen3稳 wen4问 weng1翁 weng3蓊 weng4瓮 wo1窝 wo3我 wo4握 wu1屋 wu2无 wu3武 wu4物 xi1西 xi2席 xi3喜 xi4系 xia1瞎 xia2辖
xia4下 xian1先 xian2闲 xian3显 xian4现 xiang1乡 xiang2祥 xiang3想 xiang4向 xiao1消 xiao2淆 xiao3小 xiao4笑 xie1些
xie2协 xie3写 xie4谢 xin1心 xin4信 xing1星 xing2形 xing3醒 xing4性 xiong1兄 xiong2雄 xiu1修 xiu3朽 xiu4秀 xu1需 xu2徐
xu3许 xu4续 xuan1宣 xuan2旋 xuan3选 xuan4眩 xue1薛 xue2学 xue3雪 xue4血 xun1勋 xun2询 xun4训 ya1押 ya2牙 ya3雅 ya4亚
ya5呀 yan1烟 yan2研 yan3眼 yan4验 yang1央 yang2阳 yang3养 yang4样 yao1腰 yao2摇 yao3咬 yao4药 ye1椰 ye2爷 ye3也 ye4业
yi1依 yi2遗 yi3以 yi4意 yin1因 yin2银 yin3引 yin4印 ying1英 ying2营 ying3影 ying4硬 yo1哟 yong1拥 yong2喁 yong3永
yong4用 you1优 you2由 you3有 you4又 yu1淤 yu2于 yu3语 yu4育 yuan1冤 yuan2员 yuan3远 yuan4院 yue1约 yue4月 yun1氲
yun2云 yun3允 yun4运 za1匝 za2杂 za3咋 zai1灾 zai3宰 zai4在 zan1簪 zan2咱 zan3趱 zan4赞 zang1赃 zang3驵 zang4葬
zao1遭 zao2凿 zao3早 zao4造 ze2则 ze4仄 zei2贼 zen3怎 zen4谮 zeng1增 zeng4赠 zha1渣 zha2闸 zha3眨 zha4诈 zhai1斋
zhai2宅 zhai3窄 zhai4寨 zhan1瞻 zhan3展 zhan4战 zhang1张 zhang3掌 zhang4障 zhao1招 zhao3找 zhao4照 zhe1遮 zhe2哲
zhe3者 zhe4这 zhe5着 zhen1真 zhen3诊 zhen4镇 zheng1争 zheng3整 zheng4政 zhi1之 zhi2直 zhi3指 zhi4制 zhong1终 zhong3肿
zhong4众 zhou1州 zhou2轴 zhou3肘 zhou4宙 zhu1朱 zhu2逐 zhu3主 zhu4住 zhua1抓 zhuai1拽 zhuan1专 zhuan3转 zhuan4撰
zhuang1装 zhuang4状 zhui1追 zhui4坠 zhun1谆 zhun3准 zhuo1桌 zhuo2卓 zi1资 zi3紫 zi4自 zong1宗 zong3总 zong4纵 zou1邹
zou3走 zou4奏 zu1租 zu2族 zu3组 zuan1躜 zuan3纂 zuan4攥 zui3嘴 zui4最 zun1尊 zun3撙 zuo2昨 zuo3左 zuo4做
"""
_TONE_MARKS = {"\u0304": "1", "\u0301": "2", "\u030c": "3", "\u0300": "4"}
_BETWEEN = regex.compile(r"[\s'’·-]+")
_NUMBERED = regex.compile(r"(?:[a-zü]+[1-5])+")
_SYLLABLE = regex.compile(r"[a-zü]+[1-5]")


def homophones(pinyin: str) -> str:
    """A character for each syllable of "chong2 qing4" or "Chóngqìng"; tone 5 or 0 is the neutral one.

    Raises ValueError for what is no syllable with a tone, and where no common character is said so.
    """
    text = unicodedata.normalize("NFC", pinyin.lower()).replace("u:", "ü").replace("v", "ü").replace("0", "5")
    words = [word for word in _BETWEEN.split(text) if word]
    return "".join(_character(syllable) for word in words for syllable in _syllables(word))


def _syllables(word: str) -> list[str]:
    """With their tones as numbers."""
    if _NUMBERED.fullmatch(word):
        return list(_SYLLABLE.findall(word))
    if found := _marked().fullmatch(word):
        return [_numbered(syllable) for syllable in found.captures("syllable")]
    raise ValueError(f"{word!r} is no syllable with its tone, such as chong2 or chóng")


def _character(syllable: str) -> str:
    if (character := _characters().get(syllable)) is None:
        raise ValueError(f"no common character is said {syllable}")
    return character


@functools.cache
def _characters() -> dict[str, str]:
    return {row[:-1]: row[-1] for row in _CHARACTERS.split()}


@functools.cache
def _marked() -> "regex.Pattern[str]":
    """A word of syllables that have their tones as marks."""
    marked = sorted(map(_with_mark, _characters()), key=len, reverse=True)
    return regex.compile(f"(?<syllable>{'|'.join(marked)})+")


def _with_mark(syllable: str) -> str:
    """The tone's mark stands on a or e, on the o of ou, else on the last vowel."""
    letters, tone = syllable[:-1], syllable[-1]
    mark = next((mark for mark, number in _TONE_MARKS.items() if number == tone), "")
    vowels = [at for at, letter in enumerate(letters) if letter in "aeiouü"]
    bearer = next((letters.index(one) for one in ("a", "e", "ou") if one in letters), vowels[-1] if vowels else 0)
    return unicodedata.normalize("NFC", letters[: bearer + 1] + mark + letters[bearer + 1 :])


def _numbered(syllable: str) -> str:
    """The mark as a number behind the letters; ü has a mark that is none of a tone."""
    parts = unicodedata.normalize("NFD", syllable)
    tone = next((number for mark, number in _TONE_MARKS.items() if mark in parts), "5")
    return unicodedata.normalize("NFC", "".join(part for part in parts if part not in _TONE_MARKS)) + tone
