"""Makes engine/people/common_passwords.txt: the passwords that people think of first, here and elsewhere.

    python .ci/common_passwords.py > engine/people/common_passwords.txt

Not taken from any list of stolen ones: put together from the habits themselves (rows of keys, numbers that sound like
words, declarations of love, the words of the office), so that it may be given on under this program's licence. What can
be said as a rule (a name with a birthday, a telephone) is one of engine/people/passwords.py and not here.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product


def _words(text: str) -> list[str]:
    return text.split()


#: Declarations, wishes, greetings, in pinyin.
HABITS = _words(
    """
woaini woaiwo woaiwoziji woaiwojia woaiwode woaimama woaibaba woaizhongguo woaibeijing woaifujian woaidehua
woaigongzuo woaixuexi woaixiexie wobuzhidao woshishui woshini woshiwo wodemima wodemimashi wodeshijie wodejia
wodezhanghao wohenni wobuaini wohaoxiang wojiushiwo woyaofacai woyaojiehun woyaojiayou wozuishuai wolaopo wolaogong
aini ainiyiwannian ainiyisheng ainiyibeizi ainimen ainio ainimama zhongguo zhonghua zhongguoren zhongguojiayou beijing
shanghai guangzhou shenzhen xiamen fuzhou quanzhou putian zhangzhou longyan sanming nanping ningde dehua dehuaxian
fujian taiwan xianggang baobao baobei baobeier qinaide tianshi tianxia tiantian kuaile kuailemeiyitian xingfu
xingfuyijia pingan yishengpingan jiankang jixiang jixiangruyi wanshiruyi gongxifacai facai zhaocaijinbao daji dajidali
nihao nihaoma xiexie zaijian jiayou tianfu laopo laogong mama baba yeye nainai gege jiejie didi meimei erzi nver haizi
pengyou tongxue laoshi mima mimamima zhanghao denglu gongzuo danwei bangong bangongshi yonghu guanli guanliyuan xitong
wangluo diannao shouji zhengwu zhengwufuwu zhengfu zhengfuwang dating zongheban xingzheng fuwu fuwutai weixin zhifubao
taobao baidu tengxun huawei xiaomi alibaba wangyi youxi yonghuming ceshi ceshizhanghao xinmima jiumima morenmima
chushimima yizhan yizhanshi yishitong minzhengju yibaoju renshe renminzhengfu jiedao cunweihui
"""
)

#: The words of computers and of English.
WORDS = _words(
    """
password passw0rd passwd passpass pass welcome letmein login logon admin administrator adminadmin root rootroot toor
user username guest test tester testing demo default system server service manager master superuser super support
oracle mysql postgres database sysadmin webadmin office computer internet network windows linux android iphone apple
google microsoft facebook secret secretsecret changeme changeit changepassword newpassword mypassword yourpassword
iloveyou iloveu lovely loveme lovelove forever sunshine princess monkey dragon football baseball basketball superman
batman starwars pokemon michael jennifer jordan hunter shadow killer freedom whatever trustno summer winter spring
autumn monday friday sunday january december hello helloworld goodluck happy happyday birthday family flower cookie
cheese chocolate orange banana cherry purple yellow silver golden diamond money dollar lucky angel heaven phoenix
tiger lion eagle wolf panda china chinese beijing2008 olympic world peace nothing something anything blahblah mustang
ferrari mercedes porsche yamaha honda toyota samsung nokia jessica ashley daniel charlie thomas robert andrew george
richard matrix merlin wizard magic mickey snoopy garfield pepper ginger maggie buster tigger soccer hockey rangers
yankees dallas london paris newyork america england canada australia access control security safety private
"""
)

#: As fingers go over the keys.
WALKS = _words(
    """
qwerty qwertyuiop qwertyui qwert qwerasdf qwerasdfzxcv qweasd qweasdzxc qweasdzxc123 qazwsx qazwsxedc qazwsxedcrfv
qazxsw qazxswedc 1qaz2wsx 1qaz2wsx3edc 1qaz2wsx3edc4rfv 1qazxsw2 1q2w3e 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y q1w2e3
q1w2e3r4 q1w2e3r4t5 zaq12wsx zaqwsx zxcvbn zxcvbnm zxcvbnmasdfghjkl asdfgh asdfghjk asdfghjkl asdf asdfasdf asdfqwer
asdzxc zxcasdqwe poiuytrewq lkjhgfdsa mnbvcxz qwer1234 asdf1234 zxcv1234 1234qwer 1234asdf 123qwe 123qweasd
123qweasdzxc qwe123 qwe123asd asd123 zxc123 abc123 abcd1234 a1b2c3 a1b2c3d4 aa123456 a123456 a12345678 aaa111 abc abcd
abcdef abcdefg abcdefgh abcdefghij abcabc qqq www wwwwww zzz xxx aaa aaaaaa asd qwe zxc 1q2w 2wsx
"""
)

#: Numbers that are said, and rows of them.
NUMBERS = _words(
    """
123 1234 12345 123456 1234567 12345678 123456789 1234567890 12345678910 0123456789 987654321 9876543210 654321 54321
321 4321 111 1111 11111 111111 11111111 1111111111 000000 00000000 0000000000 222222 333333 444444 555555 666666
66666666 777777 7777777 888888 88888888 8888888888 999999 99999999 123123 123123123 123321 1234321 112233 11223344
1122334455 121212 131313 101010 123654 147258 147258369 159357 159753 789456 789456123 456789 147852 147852369 135790
13579 246810 24680 520 5201314 52013145201314 1314 1314520 13145201314 520520 5201314520 5211314 7758521 7758258
1314521 168 168168 16888 1688888 518 518518 5188 666 888 88888 999 99999 100 110 119 120 12345 12345678900 007 1024
2008 2020 2021 2022 2023 2024 2025 2026 2027 110110 110120 110120119 120120 911 369369 258258 147147 951753 741852963
852456 456123 963852741
"""
)

#: What is put behind a word so that it is long enough.
TAILS = (
    "",
    "!",
    "1",
    "123",
    "1234",
    "12345",
    "123456",
    "1314",
    "520",
    "5201314",
    "888",
    "666",
    "2026",
    "@123",
    "@2026",
    "!@#",
)

#: Of every line at least so long: shorter ones are refused for their length.
LEAST = 4


def all_() -> Iterator[str]:
    """Every one, once, in order."""
    found = {
        *(word for word in (*HABITS, *WORDS, *WALKS, *NUMBERS) if len(word) >= LEAST),
        *("".join(pair) for pair in product((*HABITS[:40], *WORDS[:40], *WALKS), TAILS)),
        *("".join(pair) for pair in product(NUMBERS, ("a", "abc", "qq", "aa", "qwe"))),
        *("".join(pair) for pair in product(("a", "aa", "abc", "q", "w", "z", "qq", "qwe", "asd", "zxc"), NUMBERS)),
        *(word + word for word in (*HABITS, *WORDS, *NUMBERS) if len(word) <= 8),
        *(word + number for word in ("woaini", "aini", "iloveyou", "love", "mima", "admin") for number in NUMBERS),
    }
    yield from sorted(word for word in found if len(word) >= LEAST)


if __name__ == "__main__":
    for one in all_():
        print(one)
